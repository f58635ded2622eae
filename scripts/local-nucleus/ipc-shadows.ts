import { z } from 'zod';
import { isJsonObject, type JsonObject, type JsonValue } from './config-store.ts';
import { type Authorize, type IpcCall, IpcError, type IpcOperations, isCommandLine, parse } from './ipc-call.ts';
import type { LocalMessage } from './ipc-topics.ts';
import { deltaOf, depthOf, type ShadowDocument, updateShadow } from './shadow-document.ts';
import type { ShadowName } from './shadow-files.ts';
import type { ShadowStore } from './shadow-store.ts';

export type ShadowServices = {
  readonly authorize: Authorize;
  readonly store: ShadowStore;
  /** Tells the components of this device, on the shadow's own topics. */
  readonly publish: (message: LocalMessage) => void;
  /** Whether a deployed component asks for the shadow manager; without, a device has none. */
  readonly isDeployed: () => boolean;
};

const service = 'aws.greengrass.ShadowManager';
const maxStateBytes = 8 * 1024;
const maxDepth = 6;

const nameOf = (maxLength: number): z.ZodString => z.string().max(maxLength).regex(/^[a-zA-Z0-9:_-]+$/, 'expected letters, digits, :, _ and -');
const thingName = nameOf(128);
const shadow = z.looseObject({ thingName, shadowName: z.union([z.literal(''), nameOf(64)]).nullish() }).transform(({ thingName: thing, shadowName }): ShadowName => ({ thing, shadow: shadowName ?? '' }));
const payloadOf = z.looseObject({ payload: z.base64().min(1, 'Missing update payload') });
const listNames = z.looseObject({ thingName, nextToken: z.string().regex(/^\d*$/, 'expected a token of an earlier answer').nullish(), pageSize: z.int().min(1).max(100).nullish() });

const section = z.record(z.string(), z.json()).nullish().superRefine((value, context) => {
  if (depthOf(value ?? null) > maxDepth) context.addIssue({ code: 'custom', message: `JSON contains too many levels of nesting; maximum is ${maxDepth}` });
});
const updateDocument = z.looseObject({
  state: z.looseObject({ desired: section, reported: section }),
  version: z.int().nullish(),
  clientToken: z.string().max(64).nullish().transform((token) => token ?? undefined),
});

/** Shadows as the shadow manager serves them to components; none of them goes to the cloud. */
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
  const { state, metadata, version } = existing(services.store, name);
  const delta = deltaOf({ state, metadata, version });
  return answer(name, 'get', services, { state: { ...asJson(state), ...(delta && { delta: delta.state }) }, metadata: asJson(metadata), version, timestamp: seconds() });
}

function runUpdate(call: IpcCall, services: ShadowServices): JsonObject {
  const name = allowed(call, services, 'UpdateThingShadow');
  const request = readUpdate(parse(payloadOf, call.request).payload);
  const before = services.store.get(name);
  checkVersion(request.version ?? undefined, before);
  const version = services.store.nextVersion(name);
  // A key that is given as undefined stands for nothing; null stands for its removal.
  const { document, metadata } = updateShadow(before ?? { state: {}, metadata: {} }, request.state, { version, seconds: seconds() });
  const bytes = [document.state.desired, document.state.reported].map((one) => (one === undefined ? 0 : Buffer.byteLength(JSON.stringify(one))));
  if ((bytes[0] ?? 0) + (bytes[1] ?? 0) > maxStateBytes) throw new IpcError('InvalidArgumentsError', `The payload exceeds the maximum size allowed: desired and reported state would have ${bytes.join(' + ')} bytes, up to ${maxStateBytes} are kept.`);
  services.store.set(name, version, document);
  const token = request.clientToken === undefined ? {} : { clientToken: request.clientToken };
  publishChanges(name, services, { before, document, token });
  return answer(name, 'update', services, { version, ...token, timestamp: seconds(), state: request.state as JsonObject, metadata });
}

function runDelete(call: IpcCall, services: ShadowServices): JsonObject {
  const name = allowed(call, services, 'DeleteThingShadow');
  const { version } = existing(services.store, name);
  services.store.set(name, version + 1, undefined);
  answer(name, 'delete', services, { version, timestamp: seconds() });
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
  authorize(call, services, operation, topicOf(name));
  return name;
}

function authorize(call: IpcCall, services: ShadowServices, operation: string, resource: string): void {
  if (!services.isDeployed() && !isCommandLine(call.component)) {
    throw new IpcError('ServiceError', `Operation ${operation} is not supported by Greengrass: no deployed component depends on ${service}. Declare it under ComponentDependencies.`);
  }
  services.authorize(call, { service, operation, resource });
}

function readUpdate(payload: string): z.output<typeof updateDocument> {
  try {
    return parse(updateDocument, JSON.parse(Buffer.from(payload, 'base64').toString()));
  } catch (error) {
    if (error instanceof SyntaxError) throw new IpcError('InvalidArgumentsError', `Invalid JSON: ${error.message}`);
    throw error;
  }
}

function checkVersion(wanted: number | undefined, before: ShadowDocument | undefined): void {
  if (wanted === undefined || wanted === (before?.version ?? 1)) return;
  if (before === undefined) throw new IpcError('InvalidArgumentsError', 'Invalid version');
  throw new IpcError('ConflictError', 'Version conflict');
}

function existing(store: ShadowStore, name: ShadowName): ShadowDocument {
  const document = store.get(name);
  if (document === undefined) throw new IpcError('ResourceNotFoundError', 'No shadow found', { resourceType: 'shadow' });
  return document;
}

function publishChanges(name: ShadowName, services: ShadowServices, { before, document, token }: { before: ShadowDocument | undefined; document: ShadowDocument; token: JsonObject }): void {
  const delta = deltaOf(document);
  const common = { version: document.version, timestamp: seconds(), ...token };
  if (delta !== undefined) publish(name, 'update/delta', services, { ...common, state: delta.state, metadata: delta.metadata });
  const plain = (one: ShadowDocument): JsonObject => ({ state: asJson(one.state), metadata: asJson(one.metadata), version: one.version });
  publish(name, 'update/documents', services, { previous: before === undefined ? null : plain(before), current: plain(document), timestamp: seconds(), ...token });
}

function answer(name: ShadowName, operation: string, services: ShadowServices, document: JsonObject): JsonObject {
  publish(name, `${operation}/accepted`, services, document);
  return { payload: base64Of(document) };
}

function publish(name: ShadowName, topic: string, services: ShadowServices, document: JsonObject): void {
  services.publish({ topic: `${topicOf(name)}/${topic}`, from: service, content: { binaryMessage: { message: base64Of(document) } } });
}

function topicOf({ thing, shadow: named }: ShadowName): string {
  return `$aws/things/${thing}/shadow${named === '' ? '' : `/name/${named}`}`;
}

function asJson(sections: object): JsonObject {
  return isJsonObject(sections as JsonValue) ? (sections as JsonObject) : {};
}

function base64Of(document: JsonObject): string {
  return Buffer.from(JSON.stringify(document)).toString('base64');
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
