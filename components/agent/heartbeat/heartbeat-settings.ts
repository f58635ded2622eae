import type { SettingsTable } from '../../common/settings.ts';

export const heartbeatProviders = ['iot', 'sagemaker-edge', 'none'] as const;
export type HeartbeatProvider = (typeof heartbeatProviders)[number];

/** The part of the agent's settings that is about its heartbeats. */
export const heartbeatSettings = {
  Provider: {
    kind: 'choice',
    default: 'iot',
    choices: heartbeatProviders,
    doc: 'Whom the agent reports to: AWS IoT Core, by a topic and the shadow of its thing (iot, only below Greengrass), a server that speaks the data plane of SageMaker Edge Manager (sagemaker-edge), or nobody (none). See docs/heartbeats.md.',
    live: false,
  },
  HeartbeatPeriodSeconds: {
    kind: 'number',
    default: 300,
    integer: false,
    min: 5,
    max: 86_400,
    doc: 'Time between two heartbeats, in seconds, give or take a tenth; models that are loaded, unloaded or crash are reported within seconds besides.',
    live: true,
  },
  SagemakerEdgeEndpoint: {
    kind: 'text',
    default: '',
    pattern: { regex: /^https?:\/\/[^\s/]+\/?$/, expected: 'a URL such as https://edge.example:8443' },
    doc: "Server of the provider sagemaker-edge; empty for AWS's own in AwsRegion, which ended in April 2024.",
    live: false,
  },
} as const satisfies SettingsTable;
