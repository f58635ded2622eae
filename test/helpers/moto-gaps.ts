import type { AwsAnswer, AwsRequest } from './aws-server.ts';

type Tag = { readonly Key: string; readonly Value: string };
type Answered = Exclude<AwsAnswer, string>;

/** Tags of role aliases and thing groups, which moto does not keep. */
export class IotTags {
  readonly #tags = new Map<string, readonly Tag[]>();

  /** The answer to ListTagsForResource; undefined for any other request. */
  answer({ method, path, query }: AwsRequest): AwsAnswer | undefined {
    if (method !== 'GET' || path !== '/tags') return undefined;
    return { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ tags: this.#tags.get(query.get('resourceArn') ?? '') ?? [] }) };
  }

  /** Remembers or forgets the tags of what moto made or deleted. */
  note({ method, path, body }: AwsRequest, answer: Answered): void {
    if (!/^\/(?:role-aliases|thing-groups)\/[^/]+$/.test(path) || (answer.status ?? 200) >= 300) return;
    if (method === 'POST') {
      const { roleAliasArn, thingGroupArn } = JSON.parse(String(answer.body)) as { roleAliasArn?: string; thingGroupArn?: string };
      const { tags = [] } = JSON.parse(body.toString()) as { tags?: readonly Tag[] };
      this.#tags.set(roleAliasArn ?? thingGroupArn ?? '', tags);
    }
    if (method === 'DELETE') for (const arn of this.#tags.keys()) if (arn.endsWith(path.replace('/role-aliases/', ':rolealias/').replace('/thing-groups/', ':thinggroup/'))) this.#tags.delete(arn);
  }
}
