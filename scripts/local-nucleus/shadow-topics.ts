import type { ShadowName } from './shadow-files.ts';

export const shadowOperationNames = ['get', 'update', 'delete'] as const;
export type ShadowOperation = (typeof shadowOperationNames)[number];

const requestTopic = /^\$aws\/things\/([a-zA-Z0-9:_-]{1,128})\/shadow(?:\/name\/([a-zA-Z0-9:_-]{1,64}))?\/(get|update|delete)$/;

/** The topic that all of a shadow's topics begin with. */
export function shadowTopicOf({ thing, shadow }: ShadowName): string {
  return `$aws/things/${thing}/shadow${shadow === '' ? '' : `/name/${shadow}`}`;
}

/** What a message on a topic asks of which shadow; undefined when it asks nothing. */
export function shadowRequestOf(topic: string): { readonly name: ShadowName; readonly operation: ShadowOperation } | undefined {
  const [, thing, shadow = '', operation] = requestTopic.exec(topic) ?? [];
  const found = shadowOperationNames.find((one) => one === operation);
  return thing === undefined || found === undefined ? undefined : { name: { thing, shadow }, operation: found };
}
