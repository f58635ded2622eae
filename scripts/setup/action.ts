import type { Cloud, PolicyText, Tags } from '../cloud/cloud.ts';

/** One call that changes something. Each leads to the same, however often it is made. */
export type Action =
  | { readonly call: 'create role'; readonly role: string; readonly description: string; readonly trust: string; readonly tags: Tags }
  | { readonly call: 'set trust'; readonly role: string; readonly trust: string }
  | { readonly call: 'tag role'; readonly role: string; readonly tags: Tags }
  | { readonly call: 'untag role'; readonly role: string; readonly keys: readonly string[] }
  | { readonly call: 'attach'; readonly role: string; readonly policyArn: string }
  | { readonly call: 'detach'; readonly role: string; readonly policyArn: string }
  | { readonly call: 'put inline'; readonly role: string; readonly policy: PolicyText }
  | { readonly call: 'delete inline'; readonly role: string; readonly policy: string }
  | { readonly call: 'delete role'; readonly role: string }
  | { readonly call: 'create alias'; readonly alias: string; readonly role: string; readonly credentialSeconds: number; readonly tags: Tags }
  | { readonly call: 'point alias'; readonly alias: string; readonly role: string }
  | { readonly call: 'delete alias'; readonly alias: string }
  | { readonly call: 'create bucket'; readonly bucket: string }
  | { readonly call: 'tag bucket'; readonly bucket: string; readonly tags: Tags }
  | { readonly call: 'encrypt bucket'; readonly bucket: string }
  | { readonly call: 'block public access'; readonly bucket: string }
  | { readonly call: 'version bucket'; readonly bucket: string }
  | { readonly call: 'set bucket policy'; readonly bucket: string; readonly document: string }
  | { readonly call: 'delete bucket policy'; readonly bucket: string }
  | { readonly call: 'delete bucket'; readonly bucket: string }
  | { readonly call: 'create group'; readonly group: string; readonly description: string; readonly tags: Tags }
  | { readonly call: 'delete group'; readonly group: string }
  | { readonly call: 'create thing'; readonly thing: string; readonly attributes: Tags }
  | { readonly call: 'delete thing'; readonly thing: string }
  | { readonly call: 'add to group'; readonly thing: string; readonly group: string };

/** @param roleArn of a role's name, which is known only once the role is there */
export async function perform(action: Action, { cloud: { roles, things, buckets }, roleArn }: { cloud: Cloud; roleArn: (role: string) => Promise<string> }): Promise<unknown> {
  switch (action.call) {
    case 'create role':
      return roles.create({ name: action.role, description: action.description, trust: action.trust, tags: action.tags });
    case 'set trust':
      return roles.setTrust(action.role, action.trust);
    case 'tag role':
      return roles.tag(action.role, action.tags);
    case 'untag role':
      return roles.untag(action.role, action.keys);
    case 'attach':
      return roles.attach(action.role, action.policyArn);
    case 'detach':
      return roles.detach(action.role, action.policyArn);
    case 'put inline':
      return roles.putInline(action.role, action.policy);
    case 'delete inline':
      return roles.deleteInline(action.role, action.policy);
    case 'delete role':
      return roles.delete(action.role);
    case 'create alias':
      return things.createRoleAlias({ alias: action.alias, roleArn: await roleArn(action.role), credentialSeconds: action.credentialSeconds, tags: action.tags });
    case 'point alias':
      return things.setRoleOfAlias(action.alias, await roleArn(action.role));
    case 'delete alias':
      return things.deleteRoleAlias(action.alias);
    case 'create bucket':
      return buckets.create(action.bucket);
    case 'tag bucket':
      return buckets.setTags(action.bucket, action.tags);
    case 'encrypt bucket':
      return buckets.encrypt(action.bucket);
    case 'block public access':
      return buckets.blockPublicAccess(action.bucket);
    case 'version bucket':
      return buckets.setVersioning(action.bucket, 'Enabled');
    case 'set bucket policy':
      return buckets.setPolicy(action.bucket, action.document);
    case 'delete bucket policy':
      return buckets.deletePolicy(action.bucket);
    case 'delete bucket':
      return buckets.delete(action.bucket);
    case 'create group':
      return things.createGroup({ name: action.group, description: action.description, tags: action.tags });
    case 'delete group':
      return things.deleteGroup(action.group);
    case 'create thing':
      return things.createThing({ name: action.thing, attributes: action.attributes });
    case 'delete thing':
      return things.deleteThing(action.thing);
    case 'add to group':
      return things.addToGroup(action.thing, action.group);
  }
}
