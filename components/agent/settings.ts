import { defaultSocketPath } from '../common/agent-client.ts';
import { logLevels } from '../common/log.ts';
import type { SettingsTable } from '../common/settings.ts';
import { captureSettings } from './capture/capture-settings.ts';
import { executionProviders, executionProvidersPattern } from './execution-providers.ts';
import { heartbeatSettings } from './heartbeat/heartbeat-settings.ts';

/** The shutdown step of the recipe is patient enough for this, and nothing longer. */
export const longestStopSeconds = 120;

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
  Instances: {
    kind: 'number',
    default: 1,
    integer: true,
    min: 1,
    max: 64,
    doc: 'Workers per model, which predict side by side; each has the model in its own memory.',
    live: false,
  },
  IntraOpThreads: {
    kind: 'number',
    default: 0,
    integer: true,
    min: 0,
    max: 256,
    doc: 'Threads one prediction may use; 0 shares the CPUs this process may use (affinity and cgroup quota) among the Instances of a model.',
    live: false,
  },
  ExecutionProviders: {
    kind: 'text',
    default: 'cpu',
    pattern: { regex: executionProvidersPattern, expected: `a list of ${executionProviders.join(', ')} with commas between` },
    doc: 'What models run on, in the order of preference; what is not available or cannot run a model is left out with a warning, and the CPU is always last. See docs/execution-providers.md.',
    live: false,
  },
  OnnxRuntimeLibrary: {
    kind: 'text',
    default: '',
    doc: 'Path of a libonnxruntime.so to use instead of the bundled one, for example with CUDA; it has to be of the same version. Empty for the bundled one.',
    live: false,
  },
  QueueSize: {
    kind: 'number',
    default: 64,
    integer: true,
    min: 1,
    max: 100_000,
    doc: 'Predictions of one model that may wait; further ones are refused with RESOURCE_EXHAUSTED.',
    live: true,
  },
  MaxBatch: {
    kind: 'number',
    default: 1,
    integer: true,
    min: 1,
    max: 1_024,
    doc: 'Waiting predictions that may run as one, for models whose inputs and outputs all have a dynamic first axis of the same name; 1 runs each by itself. Pays for small models with large weights, costs with convolutional ones: measure it.',
    live: false,
  },
  AllowWritableSharedMemory: {
    kind: 'flag',
    default: false,
    doc: 'Whether to take tensors from shared memory segments that somebody may write; the original agent did not.',
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
    live: true,
  },
  StopTimeoutSeconds: {
    kind: 'number',
    default: 10,
    integer: false,
    min: 0,
    max: longestStopSeconds,
    doc: 'Time running calls get to finish when the agent stops, in seconds.',
    live: true,
  },
  DeferUpdatesSeconds: {
    kind: 'number',
    default: 300,
    integer: false,
    min: 0,
    max: 86_400,
    doc: 'Longest time a Greengrass deployment that asks components first waits while predictions run or models load, in seconds; 0 lets it go on at once.',
    live: true,
  },
  MetricsAddress: {
    kind: 'text',
    default: '',
    pattern: {
      regex: /^(?:(?:127\.0\.0\.1|\[::1\]):(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])|\/.+)$/,
      expected: '127.0.0.1:<port>, [::1]:<port> or the absolute path of a unix socket',
    },
    doc: 'Where GET /metrics answers in the Prometheus text format, on loopback only or on a unix socket with UnixSocketMode and UnixSocketGroup; empty serves none.',
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
  ...heartbeatSettings,
  ...captureSettings,
  LogLevel: { kind: 'choice', default: 'info', choices: logLevels, doc: 'Least severe events that are logged.', live: true },
} as const satisfies SettingsTable;
