import { describe, expect, test } from 'vitest';
import { executionProvidersPattern, openWithProviders, parseExecutionProviders, type ExecutionProvider } from '../../../components/agent/execution-providers.ts';

describe('the list of providers', () => {
  test.each([
    ['cpu', ['cpu']],
    ['tensorrt,cuda,cpu', ['tensorrt', 'cuda', 'cpu']],
    [' CUDA , TensorRT', ['cuda', 'tensorrt', 'cpu']],
    ['cuda,cuda', ['cuda', 'cpu']],
    ['cpu,cuda', ['cpu']],
    ['cuda,cpu,tensorrt', ['cuda', 'cpu']],
  ])('%s', (text, expected) => {
    expect(text).toMatch(executionProvidersPattern);
    expect(parseExecutionProviders(text)).toEqual(expected);
  });

  test.each(['', ',', 'cpu,', 'cuda cpu', 'rocm', 'cudas', 'cpu;cuda'])('%j is none', (text) => {
    expect(text).not.toMatch(executionProvidersPattern);
  });
});

/** A model that these providers can run, and what was opened and not released. */
function modelFor(...able: readonly ExecutionProvider[]) {
  const open = new Set<string>();
  return {
    left: () => [...open],
    open: async (providers: readonly ExecutionProvider[]) => {
      const unable = providers.find((provider) => !able.includes(provider));
      if (unable !== undefined) throw new Error(`no  ${unable}\n`);
      const session = providers.join(',');
      open.add(session);
      return { release: async () => void open.delete(session) };
    },
  };
}

describe('opening a model', () => {
  const all = ['tensorrt', 'cuda', 'cpu'] as const;

  test.each([
    [['tensorrt', 'cuda', 'cpu'], 'tensorrt', 'tensorrt,cuda,cpu', []],
    [['cuda', 'cpu'], 'cuda', 'cuda,cpu', [{ provider: 'tensorrt', reason: 'no tensorrt' }]],
    [['tensorrt', 'cpu'], 'tensorrt', 'tensorrt,cpu', [{ provider: 'cuda', reason: 'no cuda' }]],
    [['cpu'], 'cpu', 'cpu', [{ provider: 'tensorrt', reason: 'no tensorrt' }, { provider: 'cuda', reason: 'no cuda' }]],
  ] as const)('that %j can run', async (able, provider, left, missing) => {
    const model = modelFor(...able);
    expect(await openWithProviders({ providers: all, supported: all, open: model.open })).toMatchObject({ provider, missing });
    expect(model.left()).toEqual([left]);
  });

  test('does not try what the build does not have', async () => {
    const model = modelFor('cpu');
    expect(await openWithProviders({ providers: all, supported: ['cpu'], open: model.open })).toMatchObject({ provider: 'cpu', missing: all.slice(0, -1).map((provider) => ({ provider, reason: 'this build of ONNX Runtime does not have it' })) });
  });

  test('that nothing can run fails as the CPU does', async () => {
    for (const supported of [all, ['cpu']]) await expect(openWithProviders({ providers: all, supported, open: modelFor().open })).rejects.toThrow('no  cpu');
  });
});
