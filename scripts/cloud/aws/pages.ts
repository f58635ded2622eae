/** Page by page, as long as there is a token for the next one. A page without anything is passed over. */
export async function* pagesOf<Item>(read: (nextToken: string | undefined) => Promise<{ items: readonly Item[]; nextToken: string | undefined }>): AsyncGenerator<readonly Item[]> {
  let token: string | undefined;
  do {
    const { items, nextToken } = await read(token);
    if (items.length > 0) yield items;
    token = nextToken;
  } while (token !== undefined && token !== '');
}
