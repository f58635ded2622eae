import { entriesOf, field, itemsOf, textOf, type Entry } from '../recipe-node.ts';
import type { PolicyView, Recipe } from '../recipe-view.ts';
import type { Rule, Violation } from '../rule.ts';
import { nearest, sameWord } from '../spelling.ts';

const mqttProxy = 'aws.greengrass.ipc.mqttproxy';
const pubSub = 'aws.greengrass.ipc.pubsub';

/** What the classic nucleus knows, by service; nucleus lite has the first two. */
const operations: Readonly<Record<string, readonly string[]>> = {
  [mqttProxy]: ['PublishToIoTCore', 'SubscribeToIoTCore'],
  [pubSub]: ['PublishToTopic', 'SubscribeToTopic'],
  'aws.greengrass.ipc.lifecycle': ['PauseComponent', 'ResumeComponent'],
  'aws.greengrass.ipc.componentmetric': ['PutComponentMetric'],
  'aws.greengrass.SecretManager': ['GetSecretValue'],
  'aws.greengrass.ShadowManager': ['GetThingShadow', 'UpdateThingShadow', 'DeleteThingShadow', 'ListNamedShadowsForThing'],
  'aws.greengrass.clientdevices.Auth': ['SubscribeToCertificateUpdates', 'VerifyClientDeviceIdentity', 'GetClientDeviceAuthToken', 'AuthorizeClientDeviceAction'],
  'aws.greengrass.Cli': ['GetComponentDetails', 'ListComponents', 'RestartComponent', 'StopComponent', 'CreateLocalDeployment', 'GetLocalDeploymentStatus', 'ListLocalDeployments', 'CreateDebugPassword'],
};
const services = Object.keys(operations);
const prefix = 'aws.greengrass#';

/** Who may publish and subscribe. */
export const accessControlRules: readonly Rule[] = [
  {
    id: 'access-shape',
    severity: 'error',
    nucleus: 'both',
    what: 'accessControl is not service, policy id, then operations and resources.',
    consequence: 'The classic nucleus ignores the whole accessControl of the component, nucleus lite the policies of the service.',
    instead: 'Write operations and resources as lists below a policy id.',
    bad: policy(pubSub, 'operations: aws.greengrass#PublishToTopic', 'resources: [pump]'),
    good: policy(pubSub, 'operations: [aws.greengrass#PublishToTopic]', 'resources: [pump]'),
    *check(recipe) {
      const top = field(recipe.defaultConfiguration?.value, 'accessControl');
      for (const entry of [...(top === undefined ? [] : [top]), ...entriesOf(top?.value), ...recipe.policies.map((one) => one.policy)]) if (entry.value.kind !== 'map' && entry.value.kind !== 'alias') yield { at: entry, detail: 'expected a map' };
      for (const { policy: { value } } of recipe.policies) {
        for (const name of ['operations', 'resources']) {
          const entry = field(value, name);
          if (entry !== undefined && entry.value.kind !== 'list') yield { at: entry, detail: 'expected a list' };
        }
      }
    },
  },
  {
    id: 'access-operations-missing',
    severity: 'error',
    nucleus: 'both',
    what: 'A policy without operations.',
    consequence: 'The policy allows nothing.',
    instead: 'List the operations.',
    bad: policy(pubSub, 'resources: [pump]'),
    good: policy(pubSub, 'operations: [aws.greengrass#PublishToTopic]', 'resources: [pump]'),
    check: (recipe) => each(recipe, ({ policy: { value } }) => (value.kind === 'map' && isEmpty(field(value, 'operations')) ? 'has no operations' : undefined)),
  },
  {
    id: 'access-resources-missing',
    severity: 'error',
    nucleus: 'lite',
    what: 'A policy without resources.',
    consequence: 'Nucleus lite ignores it, and refuses the calls.',
    instead: 'List the topics, or "*".',
    bad: policy(pubSub, 'operations: [aws.greengrass#PublishToTopic]'),
    good: policy(pubSub, 'operations: [aws.greengrass#PublishToTopic]', 'resources: [pump]'),
    check: (recipe) => each(recipe, ({ policy: { value } }) => (value.kind === 'map' && isEmpty(field(value, 'resources')) ? 'has no resources' : undefined)),
  },
  {
    id: 'access-service',
    severity: 'warning',
    nucleus: 'both',
    what: 'accessControl for a service that the nucleus does not know.',
    consequence: 'Unless a plugin of that name is installed, the policies have no effect. The configuration, the state and component updates need no policy.',
    instead: `Use one of ${services.join(', ')}.`,
    bad: policy('aws.greengrass.ipc.mqtt', 'operations: [aws.greengrass#PublishToIoTCore]', 'resources: [pump]'),
    good: policy(mqttProxy, 'operations: [aws.greengrass#PublishToIoTCore]', 'resources: [pump]'),
    *check(recipe) {
      for (const service of new Set(recipe.policies.map((one) => one.service))) {
        const near = services.find((one) => sameWord(one, service.key)) ?? nearest(service.key, services);
        if (!services.includes(service.key)) yield { at: service, detail: `${JSON.stringify(service.key)} is not known`, instead: near === undefined ? undefined : `Did you mean ${near}?` };
      }
    },
  },
  {
    id: 'access-operation',
    severity: 'error',
    nucleus: 'both',
    what: 'An operation that its service does not have, or without aws.greengrass# in front.',
    consequence: 'It allows nothing: the call is refused.',
    instead: 'Write the operation with its prefix, such as aws.greengrass#PublishToTopic.',
    bad: policy(pubSub, 'operations: [PublishToTopic]', 'resources: [pump]'),
    good: policy(pubSub, 'operations: [aws.greengrass#PublishToTopic]', 'resources: [pump]'),
    *check(recipe) {
      for (const { service, policy: { value } } of recipe.policies) {
        const known = operations[service.key];
        for (const item of itemsOf(field(value, 'operations')?.value)) {
          const text = textOf(item) ?? '';
          if (known === undefined || text === '*' || known.some((one) => text === `${prefix}${one}`)) continue;
          const meant = nearest(text.slice(text.indexOf('#') + 1), known);
          yield { at: item, detail: `${JSON.stringify(text)} is no operation of ${service.key}`, instead: meant === undefined ? `Use ${known.map((one) => prefix + one).join(', ')}.` : `Write ${prefix}${meant}.` };
        }
      }
    },
  },
  {
    id: 'access-service-lite',
    severity: 'error',
    nucleus: 'lite',
    what: 'accessControl for a service that nucleus lite does not have. It has messages through AWS IoT Core and between components.',
    consequence: 'The calls fail there.',
    instead: 'Do without them on nucleus lite.',
    bad: policy('aws.greengrass.ShadowManager', 'operations: [aws.greengrass#GetThingShadow]', 'resources: ["*"]'),
    good: policy(mqttProxy, 'operations: [aws.greengrass#PublishToIoTCore]', 'resources: [pump]'),
    *check(recipe) {
      for (const service of new Set(recipe.policies.map((one) => one.service))) if (services.includes(service.key) && service.key !== mqttProxy && service.key !== pubSub) yield { at: service, detail: 'is not there' };
    },
  },
  {
    id: 'access-resource',
    severity: 'error',
    nucleus: 'classic',
    what: 'A resource that is empty, has a ? or an escape other than `${*}`, `${?}` and `${$}`.',
    consequence: 'The classic nucleus drops the resource and those that follow it.',
    instead: 'Write `${?}` for a question mark; * stands for any characters.',
    bad: policy(pubSub, 'operations: [aws.greengrass#PublishToTopic]', 'resources: ["pump?"]'),
    good: policy(pubSub, 'operations: [aws.greengrass#PublishToTopic]', 'resources: ["pump*"]'),
    check: (recipe) => resources(recipe, (text) => (text === '' ? 'is empty' : /\?|\$\{/.test(text.replaceAll(/\$\{[*?$]\}/g, '')) ? `${JSON.stringify(text)} has a ? or an escape that is none` : undefined)),
  },
  {
    id: 'access-topic-filter',
    severity: 'warning',
    nucleus: 'both',
    what: 'An MQTT wildcard, + or #, in a resource of messages between components.',
    consequence: 'There they stand for themselves; only * is a wildcard.',
    instead: 'Use *.',
    bad: policy(pubSub, 'operations: [aws.greengrass#SubscribeToTopic]', 'resources: ["pumps/#"]'),
    good: policy(pubSub, 'operations: [aws.greengrass#SubscribeToTopic]', 'resources: ["pumps/*"]'),
    check: (recipe) => resources(recipe, (text, service) => (service === pubSub && /(^|\/)(\+|#)(\/|$)/.test(text) ? `${JSON.stringify(text)} is a topic of that very name` : undefined)),
  },
  {
    id: 'access-policy-id',
    severity: 'warning',
    nucleus: 'both',
    what: 'A policy id that another policy has, of this component or of another.',
    consequence: 'AWS asks for ids that are unique on the device; a deployment that changes one cannot say which.',
    instead: 'Begin it with the name of the component: com.example.Pump:pubsub:1.',
    bad: `${policy(pubSub, 'operations: [aws.greengrass#PublishToTopic]', 'resources: [pump]')}\n      ${mqttProxy}:\n        com.example.Pump:1:\n          operations: [aws.greengrass#PublishToIoTCore]\n          resources: [pump]`,
    good: policy(pubSub, 'operations: [aws.greengrass#PublishToTopic]', 'resources: [pump]'),
    *check(recipe, { recipes }) {
      for (const { policy: entry } of recipe.policies) {
        const other = recipes.find((one) => one.policies.some(({ policy: two }) => two !== entry && two.key === entry.key && (one === recipe || one.name !== recipe.name)));
        if (other !== undefined) yield { at: entry, detail: `${JSON.stringify(entry.key)} is an id of ${other === recipe ? 'another policy here' : `a policy in ${other.file}`} too` };
      }
    },
  },
];

function policy(service: string, ...lines: readonly string[]): string {
  return `ComponentConfiguration:\n  DefaultConfiguration:\n    accessControl:\n      ${service}:\n        com.example.Pump:1:\n${lines.map((line) => `          ${line}`).join('\n')}`;
}

function isEmpty(entry: Entry | undefined): boolean {
  return entry === undefined || (entry.value.kind === 'list' && entry.value.items.length === 0);
}

function* each(recipe: Recipe, look: (policy: PolicyView) => string | undefined): Iterable<Violation> {
  for (const one of recipe.policies) {
    const detail = look(one);
    if (detail !== undefined) yield { at: one.policy, detail };
  }
}

function* resources(recipe: Recipe, look: (text: string, service: string) => string | undefined): Iterable<Violation> {
  for (const { service, policy: { value } } of recipe.policies) {
    for (const item of itemsOf(field(value, 'resources')?.value)) {
      const detail = look(textOf(item) ?? '', service.key);
      if (detail !== undefined) yield { at: item, detail };
    }
  }
}
