import type { Cloud } from '../cloud/cloud.ts';

/**
 * A cloud that asks AWS for the same thing only once, failures included: many checks look at the same role. What is asked
 * about must not be changed meanwhile; listings by pages, shadows and changes go through as they are.
 */
export function rememberCloud(cloud: Cloud): Cloud {
  const { identity, roles, things, buckets, cores } = cloud;
  const caller = remembered(() => identity.caller());
  return {
    ...cloud,
    identity: { caller: () => caller('') },
    roles: {
      ...roles,
      get: remembered((role) => roles.get(role)),
      attachedPolicies: remembered((role) => roles.attachedPolicies(role)),
      managedPolicy: remembered((policyArn) => roles.managedPolicy(policyArn)),
      inlinePolicies: remembered((role) => roles.inlinePolicies(role)),
    },
    things: {
      ...things,
      roleAlias: remembered((alias) => things.roleAlias(alias)),
      thing: remembered((name) => things.thing(name)),
      principalsOf: remembered((thing) => things.principalsOf(thing)),
      certificate: remembered((principalArn) => things.certificate(principalArn)),
      policiesOf: remembered((targetArn) => things.policiesOf(targetArn)),
      group: remembered((name) => things.group(name)),
      groupsOf: remembered((thing) => things.groupsOf(thing)),
    },
    buckets: { ...buckets, get: remembered((bucket) => buckets.get(bucket)) },
    cores: { get: remembered((thing) => cores.get(thing)), installedComponents: remembered((thing) => cores.installedComponents(thing)) },
  };
}

function remembered<Result>(ask: (name: string) => Promise<Result>): (name: string) => Promise<Result> {
  const answers = new Map<string, Promise<Result>>();
  return (name) => {
    const known = answers.get(name) ?? ask(name);
    answers.set(name, known);
    return known;
  };
}
