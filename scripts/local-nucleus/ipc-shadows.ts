import { z } from 'zod';
import type { JsonObject } from './config-store.ts';
import { type Authorize, type IpcCall, IpcError, type IpcErrorName, type IpcOperations, isCommandLine, parse } from './ipc-call.ts';
import type { LocalMessage } from './ipc-topics.ts';
import type { ShadowName } from './shadow-files.ts';
import { changeShadow, deleteShadow, getShadow, type ShadowErrorCode, type ShadowOutcome } from './shadow-requests.ts';
import type { ShadowStore } from './shadow-store.ts';
import { shadowTopicOf } from './shadow-topics.ts';

export type ShadowServices = {
  readonly authorize: Authorize;
  readonly store: ShadowStore;
  /** Tells the components of this device, on the shadow's own topics. */
  readonly publish: (message: LocalMessage) => void;
  /** Whether a deployed component asks for the shadow manager; without, a device has none. */
  readonly isDeployed: () => boolean;
};

const service = 'aws.greengrass.ShadowManager';
const limits = { maxDepth: 6 };

const nameOf = (maxLength: number): z.ZodString => z.string().max(maxLength).regex(/^[a-zA-Z0-9:_-]+$/, 'expected letters, digits, :, _ and -');
const thingName = nameOf(128);
const shadow = z.looseObject({ thingName, shadowName: z.union([z.literal(''), nameOf(64)]).nullish() }).transform(({ thingName: thing, shadowName }): ShadowName => ({ thing, shadow: shadowName ?? '' }));
const payloadOf = z.looseObject({ payload: z.base64().min(1, 'Missing update payload') });
const listNames = z.looseObject({ thingName, nextToken: z.string().regex(/^\d*$/, 'expected a token of an earlier answer').nullish(), pageSize: z.int().min(1).max(100).nullish() });

/** Shadows as the shadow manager serves them to components; IoT Core has the same ones, as if it synchronised all of them. */
export function shadowOperations(services: ShadowServices): IpcOperations {
  return {
    GetThingShadow: { streaming: false, run: (call) => runGet(call, services) },
    UpdateThingShadow: { streaming: false, run: (call) => runUpdate(call, services) },
    DeleteThingShadow: { streaming: false, run: (call) => runDelete(call, services) },
    ListNamedShadowsForThing: { streaming: false, run: (call) => runList(call, services) },
  };
}

function runGet(call: IpcCall, services: ShadowServices): JsonObject {
  const name = allowed(call, services, 'GetThingShadow');
  return { payload: base64Of(answer(name, 'get', services, getShadow(services.store, name))) };
}

function runUpdate(call: IpcCall, services: ShadowServices): JsonObject {
  const name = allowed(call, services, 'UpdateThingShadow');
  const text = Buffer.from(parse(payloadOf, call.request).payload, 'base64').toString();
  return { payload: base64Of(answer(name, 'update', services, changeShadow({ store: services.store, name, text, limits }))) };
}

function runDelete(call: IpcCall, services: ShadowServices): JsonObject {
  const name = allowed(call, services, 'DeleteThingShadow');
  answer(name, 'delete', services, deleteShadow(services.store, name));
  return { payload: '' };
}

function runList(call: IpcCall, services: ShadowServices): JsonObject {
  const request = parse(listNames, call.request);
  authorize(call, services, 'ListNamedShadowsForThing', request.thingName);
  const [start, size] = [Number(request.nextToken ?? 0), request.pageSize ?? 25];
  const names = services.store.namedShadows(request.thingName);
  const results = names.slice(start, start + size);
  return { results, timestamp: Date.now() / 1000, ...(start + size < names.length ? { nextToken: String(start + size) } : {}) };
}

function allowed(call: IpcCall, services: ShadowServices, operation: string): ShadowName {
  const name = parse(shadow, call.request);
  authorize(call, services, operation, shadowTopicOf(name));
  return name;
}

function authorize(call: IpcCall, services: ShadowServices, operation: string, resource: string): void {
  if (!services.isDeployed() && !isCommandLine(call.component)) {
    throw new IpcError('ServiceError', `Operation ${operation} is not supported by Greengrass: no deployed component depends on ${service}. Declare it under ComponentDependencies.`);
  }
  services.authorize(call, { service, operation, resource });
}

const errorNames: Readonly<Record<ShadowErrorCode, IpcErrorName>> = { 400: 'InvalidArgumentsError', 404: 'ResourceNotFoundError', 409: 'ConflictError', 413: 'InvalidArgumentsError' };

/** Tells the components what was accepted and what changed. @throws IpcError for what was not */
function answer(name: ShadowName, operation: string, services: ShadowServices, outcome: ShadowOutcome): JsonObject {
  if (outcome.kind === 'rejected') throw new IpcError(errorNames[outcome.code], outcome.message, outcome.code === 404 ? { resourceType: 'shadow' } : {});
  if (outcome.delta !== undefined) publish(name, `${operation}/delta`, services, outcome.delta);
  if (outcome.documents !== undefined) publish(name, `${operation}/documents`, services, outcome.documents);
  publish(name, `${operation}/accepted`, services, outcome.answer);
  return outcome.answer;
}

function publish(name: ShadowName, topic: string, services: ShadowServices, document: JsonObject): void {
  services.publish({ topic: `${shadowTopicOf(name)}/${topic}`, from: service, content: { binaryMessage: { message: base64Of(document) } } });
}

function base64Of(document: JsonObject): string {
  return Buffer.from(JSON.stringify(document)).toString('base64');
}
