import { z } from 'zod';
import { type ConfigStore, isJsonObject, type JsonObject } from './config-store.ts';
import { type IpcCall, IpcError, type IpcOperations, parse } from './ipc-call.ts';

const keyPath = z.array(z.string()).nullish().transform((path) => path ?? []);
const getConfiguration = z.looseObject({ componentName: z.string().nullish(), keyPath });
const updateConfiguration = z.looseObject({ keyPath, timestamp: z.number(), valueToMerge: z.json() });

/** Reading, changing and following configuration. It takes no accessControl: reading is free, and each component changes only its own. */
export function configurationOperations(configurations: ConfigStore): IpcOperations {
  return {
    GetConfiguration: { streaming: false, run: (call) => runGetConfiguration(call, configurations) },
    UpdateConfiguration: { streaming: false, run: (call) => runUpdateConfiguration(call, configurations) },
    SubscribeToConfigurationUpdate: { streaming: true, run: (call) => runSubscribe(call, configurations) },
  };
}

function runGetConfiguration(call: IpcCall, configurations: ConfigStore): JsonObject {
  const { componentName, keyPath: path } = parse(getConfiguration, call.request);
  const component = componentName ?? call.component;
  const found = find(configurations, component, path);
  return { componentName: component, value: isJsonObject(found.value) ? found.value : { [found.key]: found.value } };
}

function runUpdateConfiguration(call: IpcCall, configurations: ConfigStore): JsonObject {
  const { keyPath: path, timestamp, valueToMerge } = parse(updateConfiguration, call.request);
  if (configurations.get(call.component) === undefined) throw new IpcError('ResourceNotFoundError', `${call.component} has no configuration`);
  const touched = path[0] === undefined && isJsonObject(valueToMerge) ? Object.keys(valueToMerge) : path.slice(0, 1);
  if (touched.some((name) => name.toLowerCase() === 'accesscontrol')) throw new IpcError('InvalidArgumentsError', 'A component cannot change its own accessControl.');
  // The real one answers anything else with InternalServerError.
  if (!isJsonObject(valueToMerge)) throw new IpcError('ServiceError', 'valueToMerge has to be an object; keyPath names what it is merged into.');
  if (!configurations.merge(call.component, path, valueToMerge, timestamp * 1000)) {
    throw new IpcError('FailedUpdateConditionCheckError', 'A later change of this configuration is already stored.');
  }
  return {};
}

function runSubscribe(call: IpcCall, configurations: ConfigStore): JsonObject {
  const { componentName, keyPath: path } = parse(getConfiguration, call.request);
  const component = componentName ?? call.component;
  find(configurations, component, path);
  const end = configurations.subscribe(component, path, (changed) => {
    call.emit('ConfigurationUpdateEvents', { configurationUpdateEvent: { componentName: component, keyPath: changed } });
  });
  call.onClose(end);
  return {};
}

function find(configurations: ConfigStore, component: string, path: readonly string[]): { key: string; value: JsonObject[string] } {
  const found = configurations.get(component) === undefined ? undefined : configurations.find(component, path);
  if (found === undefined) throw new IpcError('ResourceNotFoundError', 'Key not found');
  return found;
}
