import type { ConfigStore, JsonObject, JsonValue } from './config-store.ts';
import { isJsonObject } from './config-store.ts';

/** What a component wants to do, such as `{ service: 'aws.greengrass.ipc.pubsub', operation: 'aws.greengrass#PublishToTopic', resource: 'a/b' }`. */
export type AccessRequest = { readonly component: string; readonly service: string; readonly operation: string; readonly resource: string };

/** Topics of AWS IoT Core are compared as MQTT filters; everything else only knows `*`. */
const mqttProxy = 'aws.greengrass.ipc.mqttproxy';

/** Whether the `accessControl` of the component's own configuration, as it is now, allows the request. */
export function isAllowed(request: AccessRequest, configurations: ConfigStore): boolean {
  const policies = configurations.find(request.component, ['accessControl', request.service])?.value;
  if (!isJsonObject(policies)) return false;
  return Object.values(policies).some((policy) => isJsonObject(policy) && policyAllows(policy, request));
}

function policyAllows(policy: JsonObject, { service, operation, resource }: AccessRequest): boolean {
  const { operations, resources } = policy;
  if (!texts(operations).some((one) => one === '*' || one === operation)) return false;
  return texts(resources).some((pattern) => {
    const expression = resourceExpression(pattern, service === mqttProxy);
    return expression?.test(resource) === true;
  });
}

function texts(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

/**
 * The regular expression of an accessControl resource: `*` stands for any characters, `${*}`, `${?}` and `${$}` for
 * themselves. As MQTT filter, `+` is one level and a last `#` the rest.
 *
 * @returns undefined for a pattern with a bare `?`, which Greengrass drops
 */
export function resourceExpression(pattern: string, mqtt: boolean): RegExp | undefined {
  const parts: string[] = pattern.match(/\$\{[*?$]\}|[\s\S]/g) ?? [];
  if (parts.includes('?')) return undefined;
  const source = parts.map((part, index) => {
    if (part === '*') return '.*';
    if (mqtt && isLevel(parts, index)) {
      if (part === '+') return '[^/]*';
      if (part === '#' && index === parts.length - 1) return '.*';
    }
    return RegExp.escape(part.length > 1 ? part.charAt(2) : part);
  });
  return new RegExp(`^${source.join('')}$`, 's');
}

/** Whether the character at `index` is a topic level of its own. */
function isLevel(parts: readonly string[], index: number): boolean {
  return (parts[index - 1] ?? '/') === '/' && (parts[index + 1] ?? '/') === '/';
}
