import { expect, test } from 'vitest';
import { fleetNames } from '../../../scripts/cloud/names.ts';
import { checkNames } from '../../../scripts/setup/check-names.ts';

const names = fleetNames('lobby', { account: '123456789012', region: 'eu-west-1' });

test('usual names pass', () => {
  expect(() => checkNames({ fleet: 'lobby', things: ['cam-1', 'a', '0-9'], names })).not.toThrow();
});

test.each([
  ['capitals', 'Camera', 'got 6 characters with capitals. "camera" would do.'],
  ['underscores', 'cam_1', 'got 5 characters with "_". "cam-1" would do.'],
  ['colons', 'cam:1', 'got 5 characters with ":". "cam-1" would do.'],
  ['a dash at its end', 'cam-', 'got 4 characters. "cam" would do.'],
  ['nothing', '', 'got nothing.'],
  ['too many characters', 'a'.repeat(64), 'got 64 characters.'],
])('a thing with %s', (_name, thing, said) => {
  expect(() => checkNames({ fleet: 'lobby', things: [thing], names })).toThrow(`Thing name ${JSON.stringify(thing)} cannot be used: expected at most 63 lowercase letters, digits and inner dashes, ${said}`);
});

test('all names are told at once, each with one that would do', () => {
  const all = { fleet: 'lob by', things: ['Cam'], names: { ...names, role: 'FescueRole', roleAlias: 'a.b', bucket: 'Captures' } };
  expect(() => checkNames(all)).toThrow(
    [
      'Fleet name "lob by" cannot be used: expected at most 63 letters, digits and inner dashes and underscores, got 6 characters with " ". "lob-by" would do.',
      'Thing name "Cam" cannot be used: expected at most 63 lowercase letters, digits and inner dashes, got 3 characters with capitals. "cam" would do.',
      'Role name "FescueRole" cannot be used: expected SageMaker and up to 55 letters, digits and _+=,.@-, got 10 characters with capitals. "SageMakerFescueRole" would do.',
      'Role alias "a.b" cannot be used: expected at most 128 letters, digits and _=,@-, got 3 characters with ".". "a-b" would do.',
      'Bucket name "Captures" cannot be used: expected 3 to 63 lowercase letters, digits, dots and dashes, with sagemaker in it, got 8 characters with capitals. "sagemaker-captures" would do.',
    ].join('\n'),
  );
});
