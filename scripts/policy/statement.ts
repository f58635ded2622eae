import { decideConditions } from './conditions.ts';
import { type Lookup, lookupIn, type RequestContext } from './context.ts';
import type { Listed, PolicyDocument, Statement } from './document.ts';
import { allOf, anyOf, type Extent, opposite } from './extent.ts';
import { extentOfMatch, globOf } from './glob.ts';
import { readGlob } from './read-glob.ts';
import { extentOfPrincipals, type Requester } from './requester.ts';

/**
 * One action on one resource. Wildcards in them stand for all that they stand for in a policy: what is asked then is whether
 * all of it is allowed. `${*}`, `${?}` and `${$}` are the characters, and a variable stands for anything.
 *
 * @example { action: 's3:PutObject', resource: 'arn:aws:s3:::sagemaker-lobby/sme-capture/*' }
 */
export type PolicyRequest = { readonly action: string; readonly resource: string; readonly context?: RequestContext };

/** @property open what it depends on, in words, when it is `sometimes` */
export type Applies = { readonly extent: Extent; readonly open: readonly string[] };

/** Whether a statement speaks of a request. A policy without principals is that of who asks, one without resources that of what is asked for. */
export function applies(statement: Statement, { request, version, requester, isBounded }: { readonly request: PolicyRequest; readonly version: PolicyDocument['version']; readonly requester: Requester | undefined; readonly isBounded: boolean }): Applies {
  const { actions, resources, principals, conditions, effect } = statement;
  const lookup = lookupIn(request.context ?? {});
  const variables = version === '2012-10-17' ? lookup : undefined;
  const parts: Applies[] = [ofActions(actions, request.action)];
  if (resources !== undefined) parts.push(ofResources(resources, { resource: request.resource, variables }));
  if (principals !== undefined) parts.push({ extent: requester === undefined ? 'sometimes' : extentOfPrincipals(principals, { requester, effect, isBounded }), open: ['it is the session that the policy names'] });
  parts.push(decideConditions(conditions, { lookup, variables }));
  return { extent: allOf(parts.map(({ extent }) => extent)), open: parts.flatMap(({ extent, open }) => (extent === 'sometimes' ? open : [])) };
}

function ofActions({ isNot, patterns }: Listed, action: string): Applies {
  const asked = globOf(action.toLowerCase());
  const extent = anyOf(patterns.map((pattern) => extentOfMatch(globOf(pattern.toLowerCase()), asked)));
  return { extent: isNot ? opposite(extent) : extent, open: [`the action is ${isNot ? 'not ' : ''}${patterns.join(' or ')}`] };
}

function ofResources({ isNot, patterns }: Listed, { resource, variables }: { resource: string; variables: Lookup | undefined }): Applies {
  const asked = readGlob(resource, { kind: 'text', lookup: () => undefined })?.glob ?? [];
  const decided = patterns.map((pattern) => {
    const read = readGlob(pattern, { kind: 'resource', lookup: variables });
    const extent = read === undefined ? 'never' : extentOfMatch(read.glob, asked);
    return { pattern, extent: extent === 'always' && (read?.unknown.length ?? 0) > 0 ? ('sometimes' as const) : extent };
  });
  const extent = anyOf(decided.map((one) => one.extent));
  const partial = decided.filter((one) => one.extent === 'sometimes').map(({ pattern }) => pattern);
  return { extent: isNot ? opposite(extent) : extent, open: [`the resource is ${isNot ? 'not ' : ''}${partial.join(' or ')}`] };
}
