import { reportShadow } from '../../common/device-report.ts';

const shadow = `$aws/things/*/shadow/name/${reportShadow}/update`;

type Policy = { readonly policyDescription: string; readonly operations: readonly string[]; readonly resources: readonly string[] };

/**
 * What the agent's accessControl allows it for its heartbeats, by the names of the policies. Recipe variables in resources are
 * known to nucleus lite only, so that the thing's name is a wildcard; the IoT policy of the device knows it.
 */
export const heartbeatAccess: Readonly<Record<string, Readonly<Record<string, Policy>>>> = {
  'aws.greengrass.ipc.mqttproxy': {
    'dev.fescue.EdgeAgent:heartbeat:publish': {
      policyDescription: 'Publish heartbeats and the shadow of the device.',
      operations: ['aws.greengrass#PublishToIoTCore'],
      resources: ['fescue/fleet/*', shadow],
    },
    'dev.fescue.EdgeAgent:heartbeat:subscribe': {
      policyDescription: 'Hear of updates of the shadow that were rejected.',
      operations: ['aws.greengrass#SubscribeToIoTCore'],
      resources: [`${shadow}/*`],
    },
  },
};
