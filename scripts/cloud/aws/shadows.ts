import type { IoTDataPlane } from '@aws-sdk/client-iot-data-plane';
import type { ShadowService } from '../cloud.ts';
import type { Service } from './service.ts';

/** Named shadows in IoT Core. */
export function openShadows(data: Service<IoTDataPlane>): ShadowService {
  const nameOf = (thing: string, shadow: string): string => `shadow ${shadow} of thing ${thing}`;
  return {
    get: async (thing, shadow) => {
      const answer = await data.find('GetThingShadow', nameOf(thing, shadow), async (client) => client.getThingShadow({ thingName: thing, shadowName: shadow }));
      return answer && Buffer.from(answer.payload ?? []).toString();
    },
    update: async (thing, shadow, document) => data.change('UpdateThingShadow', nameOf(thing, shadow), async (client) => client.updateThingShadow({ thingName: thing, shadowName: shadow, payload: Buffer.from(document) })),
    delete: async (thing, shadow) => data.remove('DeleteThingShadow', nameOf(thing, shadow), async (client) => client.deleteThingShadow({ thingName: thing, shadowName: shadow })),
  };
}
