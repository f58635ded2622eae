/** Services as the configuration of a classic nucleus has them, by name. */
type Services = Readonly<Record<string, { readonly dependencies?: readonly string[] | null | undefined }>>;

/**
 * Whether the nucleus runs a service: what was deployed is a dependency of `main`, or of what is. A roll-back may leave
 * others in the configuration, which are started no more. Without `main` nobody can tell, and all count.
 */
export function neededComponents(services: Services): (name: string) => boolean {
  const roots = services['main']?.dependencies;
  if (!Array.isArray(roots)) return () => true;
  const needed = new Set<string>();
  const waiting = ['main'];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (needed.has(name)) continue;
    needed.add(name);
    // Behind the colon is whether it is a hard dependency.
    waiting.push(...(services[name]?.dependencies ?? []).map((dependency) => dependency.split(':')[0] ?? ''));
  }
  return (name) => needed.has(name);
}
