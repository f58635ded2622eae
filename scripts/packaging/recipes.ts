import { readFileSync } from 'node:fs';
import { validRange } from 'semver';
import { stringify } from 'yaml';
import { heartbeatAccess } from '../../components/agent/heartbeat/access.ts';
import { agentSettings, longestStopSeconds } from '../../components/agent/settings.ts';
import { manifestFileName, parseManifest } from '../../components/common/model-manifest.ts';
import { environmentVariableOf, type SettingsTable } from '../../components/common/settings.ts';
import { productVersion } from '../../components/common/version.ts';
import { inferenceSettings } from '../../components/inference/settings.ts';
import { inCheckout } from './paths.ts';

/** A component of the bundle: its recipe, and where its archive's content comes from. */
export type Component = { readonly name: string; readonly version: string; readonly archive: string; readonly recipe: object };

export const componentNames = {
  runtime: 'dev.fescue.Runtime',
  agent: 'dev.fescue.EdgeAgent',
  model: 'dev.fescue.model.EfficientNetLite0',
  inference: 'dev.fescue.Inference',
} as const;

/** The architectures of the runtime, by Greengrass's word and by Node's. */
export const architectures = { amd64: 'x64', aarch64: 'arm64' } as const;
export type Architecture = keyof typeof architectures;
export const architectureNames = Object.keys(architectures) as Architecture[];

export const sampleModelFolder = inCheckout('components/models/efficientnet-lite0/package');

export const productPublisher = 'Fescue';

/** Installed beside each other, components find one another's files here (see docs/decisions/0002). */
const runtimeFolder = `{work:path}/../${componentNames.runtime}`;
const nodeProgram = `${runtimeFolder}/bin/node`;

/**
 * V8 takes a small heap as a reason to collect early, and counts the bytes of tensors: a dozen calls of 600 KB were
 * enough for a major collection. With the first limit at 64 MB it takes many times as many.
 */
export const nodeFlags = ['--initial-old-space-size=64'];

/** The four components, runtime first. */
export function components(): Component[] {
  return [runtime(), agent(), model(), inference()];
}

/** A component's recipe as the text of its YAML file, with a comment that says where it is from. */
export function recipeText(component: Component, origin = 'Rendered from the settings tables by `npm run render`; edits here are overwritten.'): string {
  // YAML 1.1, which GDK reads: there an unquoted 2020-01-25 is a date.
  return `# ${origin}\n` + stringify(component.recipe, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false });
}

/** The same component under another version. */
export function withVersion(component: Component, version: string): Component {
  return { ...component, version, recipe: { ...component.recipe, ComponentVersion: version } };
}

/** The name of the archive of an architecture. */
export function runtimeArchive(architecture: Architecture): string {
  return `runtime-linux-${architectures[architecture]}.tar.gz`;
}

function runtime(): Component {
  const manifests = architectureNames.map((architecture) =>
    manifest({ architecture, archive: runtimeArchive(architecture), lifecycle: filesOnly, installTimeoutSeconds: 900 }),
  );
  return component(componentNames.runtime, productVersion, 'runtime-linux-*.tar.gz', {
    ComponentDescription: 'Node and the native libraries that the other Fescue components run on.',
    Manifests: manifests,
  });
}

function agent(): Component {
  const archive = 'agent.tar.gz';
  // A change of the environment restarts the component; what it follows while it runs must not be in there.
  const fixed = Object.entries(agentSettings).filter(([, { live }]) => !live).map(([key]) => key);
  const settings = Object.fromEntries(fixed.map((key) => [environmentVariableOf(key), `{configuration:/${key}}`]));
  return component(componentNames.agent, productVersion, archive, {
    ComponentDescription: 'The on-device agent: the SageMaker Edge Manager API on ONNX Runtime.',
    ComponentConfiguration: { DefaultConfiguration: { ...defaultsOf(agentSettings), accessControl: heartbeatAccess } },
    // For captured data on its way to S3: nucleus lite tells only those of the service that depend on it.
    ComponentDependencies: dependencies({ [componentNames.runtime]: productVersion, 'aws.greengrass.TokenExchangeService': undefined }),
    Manifests: [manifest({ archive, artifacts: ['stop.sh'], lifecycle: runLifecycle({ bundle: 'agent.cjs', environment: settings, stopSeconds: longestStopSeconds + agentEndSeconds }) })],
  });
}

function model(): Component {
  const { metadata } = parseManifest(readFileSync(`${sampleModelFolder}/${manifestFileName}`, 'utf8'), manifestFileName);
  return modelComponent({
    name: componentNames.model,
    version: metadata.model_version,
    description: 'EfficientNet-Lite0, an ImageNet classifier quantised to int8, as a model package.',
    publisher: productPublisher,
  });
}

/** The component of a model package: others find it at its `ModelPath`. */
export function modelComponent(options: { name: string; version: string; description: string; publisher: string }): Component {
  const archive = 'model.tar.gz';
  return component(options.name, options.version, archive, {
    ComponentPublisher: options.publisher,
    ComponentDescription: options.description,
    ComponentConfiguration: { DefaultConfiguration: { ModelPath: `../${options.name}` } },
    Manifests: [manifest({ archive, lifecycle: filesOnly })],
  });
}

function inference(): Component {
  const archive = 'inference.tar.gz';
  const topic = inferenceSettings.PublishResultsOnTopic.default;
  const publishing = (service: string, operation: string): object => ({
    [`${componentNames.inference}:publish:${operation}`]: {
      policyDescription: `Publish results through ${service}.`,
      operations: [`aws.greengrass#${operation}`],
      resources: [topic],
    },
  });
  const accessControl = {
    'aws.greengrass.ipc.mqttproxy': publishing('AWS IoT Core', 'PublishToIoTCore'),
    'aws.greengrass.ipc.pubsub': publishing('local topics', 'PublishToTopic'),
  };
  return component(componentNames.inference, productVersion, archive, {
    ComponentDescription: 'Classifies images with the agent and publishes the results.',
    ComponentConfiguration: { DefaultConfiguration: { ...defaultsOf(inferenceSettings), accessControl } },
    ComponentDependencies: dependencies({
      [componentNames.agent]: productVersion,
      [componentNames.model]: model().version,
      [componentNames.runtime]: productVersion,
      'aws.greengrass.TokenExchangeService': undefined,
    }),
    Manifests: [manifest({ archive, artifacts: ['stop.sh'], lifecycle: runLifecycle({ bundle: 'inference.cjs', environment: {}, stopSeconds: 15 }) })],
  });
}

function component(name: string, version: string, archive: string, rest: object): Component {
  const recipe = { RecipeFormatVersion: '2020-01-25', ComponentName: name, ComponentVersion: version, ComponentPublisher: productPublisher, ...rest };
  return { name, version, archive, recipe };
}

/**
 * A manifest in the subset both nuclei read: lowercase steps, PascalCase options, `runtime: "*"`, and an archive that
 * the install step unpacks itself, because neither nucleus keeps a ZIP's mode bits.
 */
function manifest(options: { architecture?: Architecture; archive: string; artifacts?: readonly string[]; lifecycle: object; installTimeoutSeconds?: number }): object {
  const install = { Script: `sh "{artifacts:path}/install.sh" "{artifacts:path}/${options.archive}"`, Timeout: options.installTimeoutSeconds ?? 300 };
  const artifact = (file: string): object => ({ Uri: `s3://BUCKET_NAME/COMPONENT_NAME/COMPONENT_VERSION/${file}` });
  // Deploying the version again makes files root's in the classic nucleus, until the next install step: too late for what stops.
  const readable = (options.artifacts ?? []).map((file) => ({ ...artifact(file), Permission: { Read: 'ALL' } }));
  return {
    Platform: { os: 'linux', ...(options.architecture === undefined ? {} : { architecture: options.architecture }), runtime: '*' },
    Lifecycle: { install, ...options.lifecycle },
    Artifacts: [artifact('install.sh'), ...readable, artifact(options.archive)],
  };
}

/** The step of a component that only brings files: a deployment of nucleus lite waits in vain for one without a unit that runs. */
const filesOnly = { run: { Script: 'true' } };

/** After the last prediction: captures in memory, workers, last answers. */
const agentEndSeconds = 15;
/** What the nucleus needs to end by force what has not ended by then. Its limit is for both. */
const forceSeconds = 15;

/**
 * The steps of a component that runs. Nucleus lite, which knows neither shutdown nor recover, has patience of its own.
 *
 * @param options.stopSeconds longest time from SIGTERM to its end
 */
function runLifecycle({ bundle, environment, stopSeconds }: { bundle: string; environment: Record<string, string>; stopSeconds: number }): object {
  return {
    run: {
      Script: `echo $$ > .pid; exec "${nodeProgram}" ${nodeFlags.join(' ')} "{work:path}/${bundle}"`,
      Setenv: { NODE_PATH: `${runtimeFolder}/node_modules`, ...environment },
    },
    shutdown: { Script: `sh "{artifacts:path}/stop.sh" ${stopSeconds}`, Timeout: stopSeconds + forceSeconds },
    // The classic nucleus tries again at once, and only three times: not all of them within one passing fault.
    recover: { Script: 'sleep 5', Timeout: 30 },
  };
}

/**
 * HARD by default on the classic nucleus. Nucleus lite would bind the units of one that says HARD, and not start a dependent
 * again after a crash of what it depends on; without a word it leaves them to themselves, and ours wait for each other.
 */
function dependencies(versions: Record<string, string | undefined>): object {
  const entries = Object.entries(versions).map(([name, version]) => [name, { VersionRequirement: version === undefined ? '>=0.0.0' : compatibleRange(version) }]);
  return Object.fromEntries(entries) as object;
}

/** What `^version` means, written out: nucleus lite does not know the short form. */
export function compatibleRange(version: string): string {
  return validRange(`^${version}`)?.replace(/-0$/, '') ?? version;
}

function defaultsOf(table: SettingsTable): Record<string, string | number | boolean> {
  return Object.fromEntries(Object.entries(table).map(([key, setting]) => [key, setting.default]));
}
