import { logLevels } from '../common/log.ts';
import type { SettingsTable } from '../common/settings.ts';

/** Every setting of the inference component, by its Greengrass configuration key. */
export const inferenceSettings = {
  ImageName: {
    kind: 'text',
    default: '',
    doc: 'One image to classify again every InferenceInterval: a file of ImageDirectory, or an absolute path; empty takes the whole directory.',
    live: false,
  },
  ImageDirectory: {
    kind: 'text',
    default: 'photos',
    doc: 'Directory whose JPEG, PNG and WebP files are classified once each, then every new or changed one; relative to the component\'s work folder.',
    live: false,
  },
  InferenceInterval: {
    kind: 'number',
    default: 3_600,
    integer: false,
    min: 0.1,
    max: 31_536_000,
    doc: 'Seconds between two classifications of ImageName.',
    live: false,
  },
  PublishResultsOnTopic: {
    kind: 'text',
    default: 'gg/sageMakerEdgeManager/image-classification',
    doc: 'Topic of the results; another one also needs a resource in accessControl.',
    live: false,
  },
  PublishTo: {
    kind: 'choice',
    default: 'iot-core',
    choices: ['iot-core', 'local', 'stdout'],
    doc: 'Where results go: to AWS IoT Core at QoS 1, to components of this device, or to standard output, which is the default outside Greengrass.',
    live: false,
  },
  ModelPath: {
    kind: 'text',
    default: '../dev.fescue.model.EfficientNetLite0',
    doc: 'Folder of the model package, relative to the component\'s work folder.',
    live: false,
  },
  ModelName: {
    kind: 'text',
    default: 'efficientnet-lite0',
    pattern: { regex: /^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/, expected: 'letters, digits and inner dashes' },
    doc: 'Alias the model is loaded under.',
    live: false,
  },
  UnixSocketName: {
    kind: 'text',
    default: '',
    doc: 'Path of the agent\'s socket; empty takes it from the configuration of dev.fescue.EdgeAgent, else the agent\'s default.',
    live: false,
  },
  ScoreThreshold: { kind: 'number', default: 0.3, integer: false, min: 0, max: 1, doc: 'Lowest score that is published.', live: false },
  MaxResults: { kind: 'number', default: 5, integer: true, min: 1, max: 1_000, doc: 'Most labels published per image.', live: false },
  SharedMemoryThresholdBytes: {
    kind: 'number',
    default: 65_536,
    integer: true,
    min: 0,
    max: 2_147_483_647,
    doc: 'Tensors of this size and above go to the agent through shared memory; the agent has to run as the same user.',
    live: false,
  },
  AgentWaitSeconds: {
    kind: 'number',
    default: 10,
    integer: false,
    min: 0.1,
    max: 3_600,
    doc: 'Seconds between two reports that the agent does not answer; the component goes on waiting.',
    live: false,
  },
  PredictTimeoutSeconds: { kind: 'number', default: 60, integer: false, min: 0.1, max: 3_600, doc: 'Seconds one prediction may take.', live: false },
  LogLevel: { kind: 'choice', default: 'info', choices: logLevels, doc: 'Least severe events that are logged.', live: false },
} as const satisfies SettingsTable;
