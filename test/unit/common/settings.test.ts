import { describe, expect, it } from 'vitest';
import { agentSettings } from '../../../components/agent/settings.ts';
import { inferenceSettings } from '../../../components/inference/settings.ts';
import { environmentVariableOf, flagOf, parseSettings, settingsFromEnvironment, type Setting, type SettingsTable, type SettingValue } from '../../../components/common/settings.ts';

const table = {
  UnixSocketName: { kind: 'text', default: '/tmp/a', doc: '', live: false },
  Mode: { kind: 'text', default: '0660', pattern: { regex: /^0[0-7]{3}$/, expected: 'an octal mode' }, doc: '', live: false },
  QueueSize: { kind: 'number', default: 4, integer: true, min: 1, max: 9, doc: '', live: true },
  DbEnable: { kind: 'flag', default: true, doc: '', live: false },
  LogLevel: { kind: 'choice', default: 'info', choices: ['info', 'warn'], doc: '', live: false },
} as const satisfies SettingsTable;

describe('parseSettings', () => {
  it('fills every key with its default', () => {
    expect(parseSettings(table, { QueueSize: '', DbEnable: null })).toEqual({
      values: { UnixSocketName: '/tmp/a', Mode: '0660', QueueSize: 4, DbEnable: true, LogLevel: 'info' },
      problems: [],
      unknown: [],
    });
  });

  it('takes numbers and booleans as text or as JSON values', () => {
    expect(parseSettings(table, { QueueSize: '8', DbEnable: 'False', LogLevel: 'WARN' }).values).toMatchObject({ QueueSize: 8, DbEnable: false, LogLevel: 'warn' });
    expect(parseSettings(table, { QueueSize: 8, DbEnable: false }).values).toMatchObject({ QueueSize: 8, DbEnable: false });
  });

  it('reports every problem at once, and unknown keys apart', () => {
    const { problems, unknown } = parseSettings(table, { QueueSize: 12, DbEnable: 'yes', LogLevel: 'loud', Mode: '99', UnixSocketName: {}, Colour: 1 });
    expect(problems).toEqual([
      'UnixSocketName: expected text, got {}',
      'Mode: expected an octal mode, got "99"',
      'QueueSize: expected a whole number from 1 to 9, got 12',
      'DbEnable: expected true or false, got "yes"',
      'LogLevel: expected one of info, warn, got "loud"',
    ]);
    expect(unknown).toEqual(['Colour']);
  });
});

/** A value that can be used and, but for texts, is not the default. */
function otherValue(setting: Setting): SettingValue {
  switch (setting.kind) {
    case 'text':
      return setting.default;
    case 'number':
      return setting.default === setting.max ? setting.min : setting.max;
    case 'flag':
      return !setting.default;
    case 'choice':
      return setting.choices.find((choice) => choice !== setting.default) ?? '';
  }
}

// Nucleus lite knows no other scalars, and has null where a recipe has an empty text.
describe.each([
  ['agent', agentSettings as SettingsTable],
  ['inference component', inferenceSettings as SettingsTable],
])('each setting of the %s', (_, settings) => {
  it('can come as text', () => {
    const others = Object.fromEntries(Object.entries(settings).map(([key, setting]) => [key, otherValue(setting)]));
    const { values, problems } = parseSettings(settings, Object.fromEntries(Object.entries(others).map(([key, value]) => [key, String(value)])));
    expect(problems).toEqual([]);
    expect(values).toEqual(others);
  });

  it('has its default when it is null', () => {
    const { values, problems } = parseSettings(settings, Object.fromEntries(Object.keys(settings).map((key) => [key, null])));
    expect(problems).toEqual([]);
    expect(values).toEqual(parseSettings(settings, {}).values);
  });
});

describe('spellings of a key', () => {
  it.each([
    ['UnixSocketName', '--unix-socket-name', 'FESCUE_UNIX_SOCKET_NAME'],
    ['S3Endpoint', '--s3-endpoint', 'FESCUE_S3_ENDPOINT'],
    ['CaptureDataBase64EmbedLimit', '--capture-data-base64-embed-limit', 'FESCUE_CAPTURE_DATA_BASE64_EMBED_LIMIT'],
    ['DLRBackendOptions', '--dlr-backend-options', 'FESCUE_DLR_BACKEND_OPTIONS'],
  ])('%s', (key, flag, variable) => {
    expect([flagOf(key), environmentVariableOf(key)]).toEqual([flag, variable]);
  });

  it('finds settings in the environment', () => {
    expect(settingsFromEnvironment(table, { FESCUE_QUEUE_SIZE: '3', PATH: '/bin' })).toEqual({ QueueSize: '3' });
  });
});
