import { messageOf } from '../common/errors.ts';

/** What ONNX Runtime can run a model on, as far as its Node binding has names for it on Linux. */
export const executionProviders = ['tensorrt', 'cuda', 'webgpu', 'cpu'] as const;
export type ExecutionProvider = (typeof executionProviders)[number];

const name = `(?:${executionProviders.join('|')})`;
/** A list of them, with commas between. */
export const executionProvidersPattern = new RegExp(`^\\s*${name}(?:\\s*,\\s*${name})*\\s*$`, 'i');

/** The providers of a list as the pattern takes it, each once. The CPU is the last: it can run everything. */
export function parseExecutionProviders(text: string): ExecutionProvider[] {
  const given = text.split(',').map((part) => part.trim().toLowerCase());
  const before = given.includes('cpu') ? given.slice(0, given.indexOf('cpu')) : given;
  return [...[...new Set(before)].flatMap((one) => executionProviders.find((provider) => provider === one) ?? []), 'cpu'];
}

/** A provider that does not run the model though it was asked for, and why. */
export type MissingProvider = { readonly provider: ExecutionProvider; readonly reason: string };

export type Opened<Session> = {
  readonly session: Session;
  /** The first choice among those that run the model; what it cannot run, the others do. */
  readonly provider: ExecutionProvider;
  readonly missing: readonly MissingProvider[];
};

export type OpenOptions<Session> = {
  /** In the order of preference, `cpu` last. */
  readonly providers: readonly ExecutionProvider[];
  /** Those of this build of ONNX Runtime. */
  readonly supported: readonly string[];
  /** Throws when one of the providers, or the model, cannot be used. */
  readonly open: (providers: readonly ExecutionProvider[]) => Promise<Session>;
};

/**
 * Opens a model with those providers that can run it.
 *
 * @throws what `open` throws for the CPU alone, which means that it is the model
 */
export async function openWithProviders<Session extends { release(): Promise<void> }>({ providers, supported, open }: OpenOptions<Session>): Promise<Opened<Session>> {
  const built = providers.filter((provider) => supported.includes(provider));
  const missing = providers.filter((provider) => !built.includes(provider)).map((provider): MissingProvider => ({ provider, reason: 'this build of ONNX Runtime does not have it' }));
  const [first = 'cpu', ...others] = built;
  if (others.length === 0) return { session: await open(['cpu']), provider: 'cpu', missing };
  try {
    return { session: await open(built), provider: first, missing };
  } catch {
    // Which one it was is in no message: each is tried by itself.
  }
  const able: ExecutionProvider[] = [];
  for (const provider of built.slice(0, -1)) {
    const reason = await failureOf(provider, open);
    if (reason === undefined) able.push(provider);
    else missing.push({ provider, reason });
  }
  return { session: await open([...able, 'cpu']), provider: able[0] ?? 'cpu', missing };
}

async function failureOf<Session extends { release(): Promise<void> }>(provider: ExecutionProvider, open: OpenOptions<Session>['open']): Promise<string | undefined> {
  try {
    await (await open([provider, 'cpu'])).release();
    return undefined;
  } catch (error) {
    return messageOf(error).replaceAll(/\s+/g, ' ').trim().slice(0, 300);
  }
}
