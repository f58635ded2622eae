import type { IoT } from '@aws-sdk/client-iot';
import type { Tags } from '../cloud.ts';
import type { Service } from './service.ts';
import { fromTagList } from './tags.ts';

/** The tags of something in IoT Core, which does not answer them along with it. */
export async function iotTags(iot: Service<IoT>, { subject, arn }: { subject: string; arn: string }): Promise<Tags> {
  const all: Record<string, string> = {};
  return iot.ask('ListTagsForResource', subject, async (client) => {
    for await (const { tags } of client.paginateListTagsForResource({ resourceArn: arn })) Object.assign(all, fromTagList(tags));
    return all;
  });
}
