import { resolve } from 'node:path';
import { availableCpus } from '../common/available-cpus.ts';
import { FescueError, messageOf } from '../common/errors.ts';
import type { LogLevel } from '../common/log.ts';
import { readConfigurationKeys, type Outcome } from '../common/original-configuration.ts';
import { parseSettings, settingsFromEnvironment, type SettingValues } from '../common/settings.ts';
import { readSettingsFile } from '../common/settings-file.ts';
import { captureConfigOf, type CaptureConfig } from './capture/capture-config.ts';
import { readTrustedCertificates } from './certificate-chain.ts';
import { parseExecutionProviders, type ExecutionProvider } from './execution-providers.ts';
import { heartbeatConfigOf, type HeartbeatConfig } from './heartbeat/heartbeat-config.ts';
import { agentSettings } from './settings.ts';
import type { SignaturePolicy } from './signature.ts';

/** The agent's configuration, complete and checked; see `settings.ts` for what each key does. */
export type AgentConfig = {
  readonly socketPath: string;
  readonly socketMode: number;
  /** Group name or number; empty for the agent's own. */
  readonly socketGroup: string;
  /** Workers per model. */
  readonly instances: number;
  readonly intraOpThreads: number;
  /** In the order of preference, `cpu` last. */
  readonly executionProviders: readonly ExecutionProvider[];
  /** Absolute path of a libonnxruntime.so; empty for the bundled one. */
  readonly onnxRuntimeLibrary: string;
  readonly queueSize: number;
  /** Predictions that may run as one. */
  readonly maxBatch: number;
  readonly allowWritableSharedMemory: boolean;
  readonly maxMessageBytes: number;
  readonly loadTimeoutMs: number;
  /** `127.0.0.1:<port>`, `[::1]:<port>`, the absolute path of a unix socket, or empty for none. */
  readonly metricsAddress: string;
  readonly signaturePolicy: SignaturePolicy;
  readonly capture: CaptureConfig;
  readonly heartbeat: HeartbeatConfig;
  readonly logLevel: LogLevel;
};

type AgentSettings = SettingValues<typeof agentSettings>;

/** Where settings come from; a later source wins: Greengrass, file, environment, flags. */
export type ConfigSources = {
  /** The component's configuration, as far as the nucleus has told it. */
  readonly deployed?: Readonly<Record<string, unknown>> | undefined;
  readonly file?: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Settings by Greengrass key, as the command line gave them. */
  readonly flags: Readonly<Record<string, unknown>>;
};

/**
 * Reads and checks the whole configuration. The file may use the keys of the original agent.
 *
 * @returns the configuration, the settings it was made of, and what became of each key of the file
 * @throws FescueError `invalid-argument` with every problem at once
 */
export function readAgentConfig(sources: ConfigSources): { config: AgentConfig; settings: AgentSettings; outcomes: readonly Outcome[]; unknownKeys: readonly string[] } {
  const file = readConfigurationKeys(agentSettings, sources.file === undefined ? {} : readSettingsFile(sources.file));
  const { values, problems: ownProblems, unknown } = parseSettings(agentSettings, {
    ...sources.deployed,
    ...file.settings,
    ...settingsFromEnvironment(agentSettings, sources.environment),
    ...sources.flags,
  });
  const signing = signaturePolicyOf(values.TrustedCertificatesPath, values.ModelSignature);
  const logLevel = values.LogLevel as LogLevel;
  const maxMessageBytes = values.MaxMessageMegabytes * 1024 * 1024;
  const capture = captureConfigOf(values, { environment: sources.environment, mostBytes: maxMessageBytes, allowWritableSharedMemory: values.AllowWritableSharedMemory, logLevel });
  const heartbeat = heartbeatConfigOf(values, { environment: sources.environment, ...capture.config.origin });
  const problems = [...new Set([...file.problems, ...ownProblems, ...signing.problems, ...capture.problems, ...heartbeat.problems])];
  if (problems.length > 0) {
    throw new FescueError('invalid-argument', `The agent's configuration cannot be used:\n  ${problems.join('\n  ')}`);
  }
  const config: AgentConfig = {
    socketPath: values.UnixSocketName,
    socketMode: Number.parseInt(values.UnixSocketMode, 8),
    socketGroup: values.UnixSocketGroup,
    instances: values.Instances,
    intraOpThreads: values.IntraOpThreads || Math.max(1, Math.floor(availableCpus() / values.Instances)),
    executionProviders: parseExecutionProviders(values.ExecutionProviders),
    onnxRuntimeLibrary: values.OnnxRuntimeLibrary === '' ? '' : resolve(values.OnnxRuntimeLibrary),
    queueSize: values.QueueSize,
    maxBatch: values.MaxBatch,
    allowWritableSharedMemory: values.AllowWritableSharedMemory,
    maxMessageBytes,
    loadTimeoutMs: values.LoadTimeoutSeconds * 1000,
    metricsAddress: values.MetricsAddress,
    signaturePolicy: signing.policy,
    capture: capture.config,
    heartbeat: heartbeat.config,
    logLevel,
  };
  return { config: Object.freeze(config), settings: values, outcomes: file.outcomes, unknownKeys: unknown };
}

/** Certificates are read once: an agent that runs goes on with those it started with. */
function signaturePolicyOf(path: string, choice: string): { policy: SignaturePolicy; problems: readonly string[] } {
  const mode = choice === 'auto' ? (path === '' ? 'if-present' : 'required') : (choice as SignaturePolicy['mode']);
  if (path === '') {
    const problems = mode === 'required' ? ['ModelSignature: required takes TrustedCertificatesPath, which is empty; name the certificates that may sign models'] : [];
    return { policy: { mode, trusted: [] }, problems };
  }
  try {
    return { policy: { mode, trusted: readTrustedCertificates(path).map(String) }, problems: [] };
  } catch (error) {
    return { policy: { mode, trusted: [] }, problems: [`TrustedCertificatesPath: ${messageOf(error)}`] };
  }
}
