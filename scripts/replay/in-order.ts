/** Makes something of each item, a few at a time, and gives it in the order of the items. Ends when nothing is under way. */
export async function* inOrder<Item, Made>(items: AsyncIterable<Item>, atOnce: number, make: (item: Item) => Promise<Made>): AsyncGenerator<Made> {
  const waiting: Promise<Made>[] = [];
  try {
    for await (const item of items) {
      const making = make(item);
      // Until its turn comes nobody looks at it.
      making.catch(() => undefined);
      waiting.push(making);
      const first = waiting.length < atOnce ? undefined : waiting.shift();
      if (first !== undefined) yield await first;
    }
    for (let first = waiting.shift(); first !== undefined; first = waiting.shift()) yield await first;
  } finally {
    await Promise.allSettled(waiting);
  }
}
