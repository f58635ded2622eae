import { reportShadow } from '../../common/device-report.ts';

const shadow = `$aws/things/*/shadow/name/${reportShadow}/update`;

type Policy = { readonly operations: readonly string[]; readonly resources: readonly string[] };

/**
 * What the agent's accessControl allows it for its heartbeats: to publish them and the shadow of the device, and to hear of
 * updates of it that were rejected. In one policy and without a description, for nucleus lite takes no more than 255 values in
 * a recipe. Recipe variables in resources are known to nucleus lite only, so that the thing's name is a wildcard; the IoT policy
 * of the device knows it.
 */
export const heartbeatAccess: Readonly<Record<string, Readonly<Record<string, Policy>>>> = {
  'aws.greengrass.ipc.mqttproxy': {
    'dev.fescue.EdgeAgent:heartbeat:1': {
      operations: ['aws.greengrass#PublishToIoTCore', 'aws.greengrass#SubscribeToIoTCore'],
      resources: ['fescue/fleet/*', shadow, `${shadow}/rejected`],
    },
  },
};
