import { defaultSocketPath } from '../common/agent-client.ts';
import { logLevels } from '../common/log.ts';
import type { SettingsTable } from '../common/settings.ts';

/** Every setting of the agent, by its Greengrass configuration key. */
export const agentSettings = {
  UnixSocketName: {
    kind: 'text',
    default: defaultSocketPath,
    doc: 'Path of the unix socket the agent serves; its default is the one clients of the original agent know.',
    live: false,
  },
  UnixSocketMode: {
    kind: 'text',
    default: '0660',
    pattern: { regex: /^0?[0-7]{3}$/, expected: 'an octal mode such as 0660' },
    doc: 'Access mode of the socket; connecting takes write permission.',
    live: false,
  },
  UnixSocketGroup: {
    kind: 'text',
    default: '',
    pattern: { regex: /^[A-Za-z0-9_][A-Za-z0-9_.-]*\$?$/, expected: 'a group name or number' },
    doc: 'Group that owns the socket, by name or number; empty leaves the group of the agent.',
    live: false,
  },
  IntraOpThreads: {
    kind: 'number',
    default: 0,
    integer: true,
    min: 0,
    max: 256,
    doc: 'Threads one prediction may use; 0 takes as many as the CPUs this process may use (affinity and cgroup quota).',
    live: false,
  },
  QueueSize: {
    kind: 'number',
    default: 64,
    integer: true,
    min: 1,
    max: 100_000,
    doc: 'Predictions of one model that may wait; further ones are refused with RESOURCE_EXHAUSTED.',
    live: false,
  },
  MaxMessageMegabytes: {
    kind: 'number',
    default: 64,
    integer: true,
    min: 1,
    max: 2_000,
    doc: 'Largest gRPC message the agent takes, in MiB.',
    live: false,
  },
  LoadTimeoutSeconds: {
    kind: 'number',
    default: 120,
    integer: false,
    min: 1,
    max: 3_600,
    doc: 'Time a model may take to load, in seconds; then its worker is ended and LoadModel fails.',
    live: false,
  },
  StopTimeoutSeconds: {
    kind: 'number',
    default: 10,
    integer: false,
    min: 0,
    max: 600,
    doc: 'Time running calls get to finish when the agent stops, in seconds.',
    live: false,
  },
  TrustedCertificatesPath: {
    kind: 'text',
    default: '',
    doc: 'PEM file, or folder of .pem and .crt files, of the certificates that may sign model packages or issue the certificates that do; empty trusts none.',
    live: false,
  },
  ModelSignature: {
    kind: 'choice',
    default: 'auto',
    choices: ['auto', 'required', 'if-present', 'off'],
    doc: 'Which model packages load: only signed ones (required), unsigned ones and those with a valid signature (if-present), or any, whatever its signature (off). With trusted certificates a signature must lead to one of them. auto is required with TrustedCertificatesPath, else if-present. Digests are verified in any case.',
    live: false,
  },
  LogLevel: { kind: 'choice', default: 'info', choices: logLevels, doc: 'Least severe events that are logged.', live: false },
} as const satisfies SettingsTable;
