/** A message on its way; JSON objects and bytes are told apart by who sends them. */
export type TopicMessage = {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** Component that sent it; undefined when it came from outside the device. */
  readonly from?: string;
};

type Subscription<Message> = { readonly filter: RegExp; readonly listener: (message: Message) => void };

/** Publish and subscribe with MQTT topic filters. */
export class Topics<Message extends { readonly topic: string } = TopicMessage> {
  readonly #subscriptions = new Set<Subscription<Message>>();

  /** @returns the way to end the subscription */
  subscribe(filter: string, listener: (message: Message) => void): () => void {
    const subscription = { filter: filterExpression(filter), listener };
    this.#subscriptions.add(subscription);
    return () => this.#subscriptions.delete(subscription);
  }

  publish(message: Message): void {
    for (const { filter, listener } of this.#subscriptions) if (filter.test(message.topic)) listener(message);
  }
}

export function hasWildcard(filter: string): boolean {
  return /[+#]/.test(filter);
}

function filterExpression(filter: string): RegExp {
  const levels = filter.split('/').map((level) => (level === '+' ? '[^/]*' : RegExp.escape(level)));
  // "a/#" also takes "a" itself.
  const source = filter === '#' ? '.*' : filter.endsWith('/#') ? `${levels.slice(0, -1).join('/')}(?:/.*)?` : levels.join('/');
  // Topics of the service itself, such as a shadow's, have to be named.
  return new RegExp(`^${hasWildcard(filter.charAt(0)) ? '(?!\\$)' : ''}${source}$`, 's');
}
