/**
 * What is known of a request, by condition key in any case: the values, none where there are known to be none. What is not
 * here is not known. A key that ends in `/*` speaks for all of its kind that are not here themselves.
 *
 * @example { 'aws:SecureTransport': 'true', 'aws:PrincipalTag/team': 'vision', 'aws:PrincipalTag/*': [], 'aws:username': [] }
 */
export type RequestContext = Readonly<Record<string, string | readonly string[]>>;

/** The values of a condition key; undefined when they are not known. */
export type Lookup = (key: string) => readonly string[] | undefined;

export function lookupIn(context: RequestContext): Lookup {
  const known = new Map(Object.entries(context).map(([key, values]) => [key.toLowerCase(), typeof values === 'string' ? [values] : values]));
  return (key) => {
    const plain = key.toLowerCase();
    return known.get(plain) ?? known.get(`${plain.slice(0, plain.indexOf('/'))}/*`);
  };
}
