import { IAM } from '@aws-sdk/client-iam';
import { IoT } from '@aws-sdk/client-iot';
import { S3 } from '@aws-sdk/client-s3';
import { expect, onTestFinished, test } from 'vitest';
import type { AwsRequest } from '../helpers/aws-server.ts';
import { fescueIn, startFescueIn, type CommandResult } from '../helpers/run-command.ts';
import { useEnvironment } from '../helpers/use-environment.ts';
import { useMoto, type MotoAccount } from '../helpers/use-moto.ts';

const fleet = ['--fleet', 'lobby', '--thing', 'cam-1', '--thing', 'cam-2'];
const bucket = 'sagemaker-lobby-123456789012-eu-west-1';

async function setup({ environment }: MotoAccount, ...args: string[]): Promise<CommandResult> {
  return fescueIn(environment, 'setup', ...args);
}

/** Of a plan as JSON: what is not kept, one line a step. */
async function due(account: MotoAccount, ...args: string[]): Promise<string[]> {
  const { stdout } = await setup(account, ...args, '--json');
  const { steps } = JSON.parse(stdout) as { steps: { change: string; resource: string }[] };
  return steps.filter(({ change }) => change !== 'keep').map(({ change, resource }) => `${change} ${resource}`);
}

/** Whether a request is one that changes something, by its action or its method. */
function isChange({ action, method }: AwsRequest): boolean {
  return action === '' ? method !== 'GET' && method !== 'HEAD' : !/^(?:Get|List|Describe)/.test(action);
}

/** What there is in the account, as clients of its own see it. */
async function inventory({ environment }: MotoAccount): Promise<unknown> {
  useEnvironment(environment);
  const [iam, iot, s3] = [new IAM(), new IoT(), new S3({ forcePathStyle: true })];
  onTestFinished(() => [iam, iot, s3].forEach((client) => client.destroy()));
  const { Roles = [] } = await iam.listRoles();
  const roles = await Promise.all(
    Roles.map(async ({ RoleName, AssumeRolePolicyDocument = '' }) => {
      const [{ AttachedPolicies }, { PolicyNames }, { Tags = [] }] = await Promise.all([iam.listAttachedRolePolicies({ RoleName }), iam.listRolePolicies({ RoleName }), iam.listRoleTags({ RoleName })]);
      return { RoleName, trust: JSON.parse(decodeURIComponent(AssumeRolePolicyDocument)) as unknown, AttachedPolicies, PolicyNames, Tags: Tags.toSorted((a, b) => ((a.Key ?? '') < (b.Key ?? '') ? -1 : 1)) };
    }),
  );
  const { things = [] } = await iot.listThings();
  const { thingGroups = [] } = await iot.listThingGroups();
  const groups = await Promise.all(thingGroups.map(async ({ groupName }) => ({ groupName, things: (await iot.listThingsInThingGroup({ thingGroupName: groupName })).things })));
  const { Buckets = [] } = await s3.listBuckets();
  return { roles, aliases: (await iot.listRoleAliases()).roleAliases, things: things.map(({ thingName, attributes }) => ({ thingName, attributes })), groups, buckets: Buckets.map(({ Name }) => Name) };
}

test.each([[[]], [['--as-documented', '--full-access']]])('with flags %j: planned, made, made again without a change, and taken away', async (flags) => {
  const account = await useMoto();
  const before = await inventory(account);
  expect(await setup(account, ...fleet, ...flags)).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing has been changed. Run it again with --apply to carry it out.\n') as string });
  expect(await inventory(account)).toEqual(before);

  const made = await setup(account, ...fleet, ...flags, '--apply');
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/\nrole +arn:aws:iam::123456789012:role\/SageMakerFescue-lobby\n[^]*\nthing cam-2 +arn:aws:iot:eu-west-1:123456789012:thing\/cam-2\n\nNext: fescue doctor --cloud --fleet lobby --thing cam-1 --region eu-west-1\n$/) as string });
  expect(await due(account, ...fleet, ...flags)).toEqual([]);

  const requests = account.requests.length;
  expect(await setup(account, ...fleet, ...flags, '--apply')).toMatchObject({ code: 0, stdout: expect.stringContaining('as they should be.') as string });
  expect(account.requests.slice(requests).filter(isChange).map(({ action, method, path }) => `${action} ${method} ${path}`)).toEqual([]);

  expect(await setup(account, '--fleet', 'lobby', '--destroy', '--apply')).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing of it is left.\n') as string });
  expect(await inventory(account)).toEqual(before);
});

test('from one variant to the other and back, the account is as it was', async () => {
  const account = await useMoto();
  await setup(account, ...fleet, '--apply');
  const least = await inventory(account);
  expect(await due(account, ...fleet, '--as-documented')).toEqual(['change tags', 'change trust policy', 'create managed policy', 'change inline policy']);
  await setup(account, ...fleet, '--as-documented', '--apply');
  expect(await inventory(account)).not.toEqual(least);
  await setup(account, ...fleet, '--apply');
  expect(await inventory(account)).toEqual(least);
});

/** Runs it again and again, killed each time at its third change, until it comes to an end. @returns how often it was killed */
async function killedUntilDone(account: MotoAccount, ...args: string[]): Promise<number> {
  for (let kills = 0; ; kills++) {
    let changes = 0;
    const command = startFescueIn(account.environment, 'setup', ...args);
    account.intercept = (request) => {
      if (isChange(request)) changes += 1;
      if (changes < 3) return undefined;
      command.process.kill('SIGKILL');
      return 'cut';
    };
    const { code } = await command.done;
    account.intercept = () => undefined;
    if (code !== null) {
      expect(code).toBe(0);
      return kills;
    }
  }
}

test('interrupted, it ends what is under way, says what is done, and goes on when it is run again', async () => {
  const account = await useMoto();
  const command = startFescueIn(account.environment, 'setup', ...fleet, '--apply');
  account.intercept = (request) => {
    if (isChange(request)) command.process.kill('SIGINT');
    return undefined;
  };
  expect(await command.done).toMatchObject({ code: 1, stderr: expect.stringMatching(/^Stopping after what is under way …$[^]*: Interrupted\.\n(?:Done before it: create role SageMakerFescue-lobby|Nothing was changed before it\.).* The same command goes on from there\.\n$/m) as string });
  account.intercept = () => undefined;
  expect(await setup(account, ...fleet, '--apply')).toMatchObject({ code: 0 });
  expect(await due(account, ...fleet)).toEqual([]);
});

test('killed again and again, it comes to the same, and so does taking it away', async () => {
  const whole = await useMoto();
  const empty = await inventory(whole);
  await setup(whole, ...fleet, '--as-documented', '--apply');
  const made = await inventory(whole);

  const account = await useMoto();
  expect(await killedUntilDone(account, ...fleet, '--as-documented', '--apply')).toBeGreaterThan(5);
  expect(await inventory(account)).toEqual(made);
  expect(await killedUntilDone(account, '--fleet', 'lobby', '--destroy', '--apply')).toBeGreaterThan(2);
  expect(await inventory(account)).toEqual(empty);
});

test('a bucket with captures and a thing with a certificate stay, and are told', async () => {
  const account = await useMoto();
  await setup(account, ...fleet, '--apply');
  useEnvironment(account.environment);
  const [iot, s3] = [new IoT(), new S3({ forcePathStyle: true })];
  onTestFinished(() => [iot, s3].forEach((client) => client.destroy()));
  // There is no TLS here, which the bucket's policy asks for.
  await s3.deleteBucketPolicy({ Bucket: bucket });
  await s3.putObject({ Bucket: bucket, Key: 'sme-capture/lobby/a.jsonl', Body: '{}' });
  const { certificateArn } = await iot.createKeysAndCertificate({ setAsActive: true });
  await iot.attachThingPrincipal({ thingName: 'cam-2', principal: certificateArn });
  const { code, stdout } = await setup(account, '--fleet', 'lobby', '--destroy', '--apply');
  expect([code, stdout]).toEqual([0, expect.stringContaining(`\nStill there:\nbucket  ${bucket} in eu-west-1\n`)]);
  expect(stdout).toContain(`aws iot detach-thing-principal --region eu-west-1 --thing-name cam-2 --principal ${certificateArn}`);
  expect(await inventory(account)).toMatchObject({ things: [{ thingName: 'cam-2' }], buckets: [bucket], roles: [] });
});

test('denied at a call, it says which right is missing and what is done, and goes on when it has it', async () => {
  const account = await useMoto();
  const denial = '<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: arn:aws:iam::123456789012:user/ada is not authorized to perform: iam:PutRolePolicy</Message></Error></ErrorResponse>';
  account.intercept = ({ action }) => (action === 'PutRolePolicy' ? { status: 403, headers: { 'content-type': 'text/xml' }, body: denial } : undefined);
  const { code, stderr } = await setup(account, ...fleet, '--apply');
  expect(code).toBe(1);
  expect(stderr).toMatch(/\nfescue: create inline policy fescue-lobby: iam:PutRolePolicy of role SageMakerFescue-lobby: .*Allow iam:PutRolePolicy to .*\nDone before it: create role SageMakerFescue-lobby\. The same command goes on from there\.\n$/);
  account.intercept = () => undefined;
  expect((await setup(account, ...fleet, '--apply')).code).toBe(0);
  expect(await due(account, ...fleet)).toEqual([]);
});
