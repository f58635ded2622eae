import { describe, expect, test } from 'vitest';
import { hostAttributes, selectManifest } from '../../../scripts/local-nucleus/platform.ts';
import { shouldSkip } from '../../../scripts/local-nucleus/skip-if.ts';

const linux = { os: 'linux', architecture: 'amd64' };

describe('manifest selection', () => {
  test.each([
    [{}, true],
    [{ os: 'linux', architecture: 'amd64' }, true],
    [{ os: 'linux', architecture: 'aarch64' }, false],
    [{ os: 'all', architecture: 'any' }, true],
    [{ os: '/linux|darwin/' }, true],
    [{ os: '/lin/' }, false],
    [{ os: 'linux', runtime: '*' }, true],
    [{ os: 'linux', runtime: 'aws_nucleus_lite' }, false],
    [{ os: 'Linux' }, false],
    [{ 'architecture.detail': '*' }, true],
    [{ 'architecture.detail': '/.*/' }, false],
  ])('%j on linux amd64: %s', (platform, expected) => {
    expect(selectManifest([{ platform }], linux) !== undefined).toBe(expected);
  });

  test('takes the first that fits', () => {
    const manifests = [{ platform: { os: 'windows' }, n: 1 }, { platform: { os: 'linux' }, n: 2 }, { platform: {}, n: 3 }];
    expect(selectManifest(manifests, linux)?.n).toBe(2);
  });
});

test.each([
  [{ platform: 'linux', arch: 'x64', machine: 'x86_64' }, { os: 'linux', architecture: 'amd64' }],
  [{ platform: 'linux', arch: 'arm64', machine: 'aarch64' }, { os: 'linux', architecture: 'aarch64' }],
  [{ platform: 'linux', arch: 'arm', machine: 'armv7l' }, { os: 'linux', architecture: 'arm', 'architecture.detail': 'armv7l' }],
])('attributes of %j', (host, expected) => {
  expect(hostAttributes(host)).toEqual(expected);
});

test.each([
  ['exists package.json', true],
  ['exists nowhere', false],
  ['!exists nowhere', true],
  ['onpath sh', true],
  ['onpath no-such-program', false],
  ['! onpath sh', false],
])('Skipif %s: %s', (condition, expected) => {
  expect(shouldSkip(condition, { cwd: process.cwd(), path: '/nowhere:/bin' })).toBe(expected);
});
