import { describe, expect, it } from 'vitest';
import { environmentVariableOf, flagOf, parseSettings, settingsFromEnvironment, type SettingsTable } from '../../../components/common/settings.ts';

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
