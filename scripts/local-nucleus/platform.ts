import { isObject } from './canonical-keys.ts';

/** What a device says of itself, such as `{ os: 'linux', architecture: 'amd64' }`. */
export type PlatformAttributes = Readonly<Record<string, string>>;

/**
 * The attributes the classic nucleus would detect. There is no `runtime` among them: only nucleus lite has one.
 *
 * @param host `process.platform`, `process.arch` and `os.machine()`
 */
export function hostAttributes(host: { platform: string; arch: string; machine: string }): PlatformAttributes {
  const os = ['linux', 'darwin'].includes(host.platform) ? host.platform : host.platform === 'win32' ? 'windows' : 'unknown';
  const architecture = { x64: 'amd64', ia32: 'x86', arm: 'arm', arm64: 'aarch64' }[host.arch] ?? 'unknown';
  const detailed = host.arch.startsWith('arm') && /^armv[678][lb]$/.test(host.machine);
  return detailed ? { os, architecture, 'architecture.detail': host.machine } : { os, architecture };
}

/** The first manifest whose every platform entry fits the host, or undefined. */
export function selectManifest<Manifest extends { platform: PlatformAttributes }>(manifests: readonly Manifest[], host: PlatformAttributes): Manifest | undefined {
  return manifests.find((manifest) => Object.entries(manifest.platform).every(([key, wanted]) => matches(key, wanted, host[key])));
}

function matches(key: string, wanted: string, actual: string | undefined): boolean {
  if (wanted === '*') return true;
  if (actual === undefined) return false;
  if ((key === 'os' || key === 'architecture') && (wanted === 'all' || wanted === 'any')) return true;
  const pattern = platformPattern(wanted);
  return pattern === undefined ? wanted === actual : pattern.test(actual);
}

/**
 * The regular expression of a platform value written as `/…/`, which has to match the whole attribute.
 *
 * @throws SyntaxError when it is not a regular expression
 */
export function platformPattern(wanted: string): RegExp | undefined {
  return wanted.length > 1 && wanted.startsWith('/') && wanted.endsWith('/') ? new RegExp(`^(?:${wanted.slice(1, -1)})$`) : undefined;
}

/**
 * The part of a global lifecycle that is meant for one manifest. At every level that has selection keywords, the first
 * of the manifest's own that is present replaces the level, or else `all`; without either the level vanishes.
 *
 * @param lifecycle the recipe's top-level `Lifecycle`
 * @param selections the manifest's `Selections`
 * @param keywords the selections of all manifests of the recipe
 */
export function selectLifecycle(lifecycle: unknown, selections: readonly string[], keywords: ReadonlySet<string>): unknown {
  if (!isObject(lifecycle)) return lifecycle;
  if (Object.keys(lifecycle).some((key) => key === 'all' || keywords.has(key))) {
    const chosen = [...selections, 'all'].find((key) => Object.hasOwn(lifecycle, key));
    return chosen === undefined ? undefined : selectLifecycle(lifecycle[chosen], selections, keywords);
  }
  const selected = Object.entries(lifecycle).map(([key, value]) => [key, selectLifecycle(value, selections, keywords)] as const);
  return Object.fromEntries(selected.filter(([, value]) => value !== undefined));
}
