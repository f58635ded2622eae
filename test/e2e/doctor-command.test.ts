import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { runProcess } from '../../scripts/deploy/run-process.ts';
import type { Report } from '../../scripts/doctor/report.ts';
import { effectiveConfig, layDown } from '../helpers/doctor-device.ts';
import { complaints, examine, type Examined, serve, urlOf } from '../helpers/doctor-report.ts';
import { fescue } from '../helpers/run-command.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const isRoot = process.getuid?.() === 0;

/** What doctor finds for a user who is not root. */
async function asOther(...args: string[]): Promise<Examined> {
  const prefix = isRoot ? ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'] : [];
  const [program = '', ...rest] = [...prefix, process.execPath, resolve('scripts/fescue.ts'), 'doctor', ...args];
  const { code, stdout } = await runProcess([program, ...rest]);
  return { code, report: JSON.parse(stdout) as Report };
}

describe('on a device with the classic nucleus', () => {
  async function useClassic(options: Parameters<typeof effectiveConfig>[0]): Promise<string> {
    const root = await temporaryFolder();
    await layDown(root, { 'config/effectiveConfig.yaml': effectiveConfig({ components: { 'com.example.Camera': {} }, tokenExchangePort: 64999, ...options }) });
    const ipc = createServer((socket) => socket.destroy());
    ipc.listen(join(root, 'ipc.socket'));
    await once(ipc, 'listening');
    await chmod(join(root, 'ipc.socket'), 0o666);
    onTestFinished(() => void ipc.close());
    return root;
  }
  const args = ['--device', '--skip', 'clock,memory,disk,shared-memory'];

  test('a thing name with capitals', async () => {
    expect(complaints(await examine(...args, '--root', await useClassic({ thingName: 'camera-4' })))).toEqual({});
    expect(complaints(await examine(...args, '--root', await useClassic({ thingName: 'Camera-4' })))).toEqual({ 'device-thing-name': expect.stringContaining('the thing is called Camera-4') as string });
  });

  test('credentials of the role, by the word of STS', async () => {
    const exchange = await serve((_, response) => response.end(JSON.stringify({ AccessKeyId: 'ASIADEVICE', SecretAccessKey: 'SECRET', Token: 'TOKEN', Expiration: new Date(Date.now() + 3_600_000) })));
    const asked: string[] = [];
    const sts = await serve((request, response) => {
      asked.push(request.headers.authorization ?? '');
      response.setHeader('content-type', 'text/xml').end('<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:sts::123456789012:assumed-role/SageMakerCameras/camera-4</Arn><UserId>x</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>');
    });
    const root = await useClassic({ tokenExchangePort: (exchange.address() as AddressInfo).port });
    await layDown(root, { [`cli_ipc_info/user-${process.geteuid?.()}`]: JSON.stringify({ cli_auth_token: 'CLI', domain_socket_path: '/x' }) });
    vi.stubEnv('AWS_ENDPOINT_URL_STS', urlOf(sts));
    onTestFinished(() => void vi.unstubAllEnvs());
    const { report } = await examine('--device', '--root', root, '--only', 'credentials', '--role', 'SageMakerCameras');
    expect(report.checks).toMatchObject([{ status: 'ok', found: expect.stringContaining('assumed-role/SageMakerCameras/camera-4, until') as string }]);
    expect(asked).toEqual([expect.stringContaining('Credential=ASIADEVICE/') as string]);
    expect(complaints(await examine('--device', '--root', root, '--only', 'credentials', '--role', 'SageMakerOther'))).toEqual({ credentials: expect.stringContaining('expected the role SageMakerOther') as string });
    expect(JSON.stringify(report)).not.toMatch(/SECRET|TOKEN/);
  });

  test('a configuration that this user may not read', async () => {
    const root = await useClassic({});
    await chmod(root, 0o755);
    await chmod(join(root, 'config'), 0o700);
    if (!isRoot) await chmod(join(root, 'config'), 0o000);
    onTestFinished(async () => chmod(join(root, 'config'), 0o700));
    // Somebody else's agent may run on this machine.
    const examined = await asOther('--json', ...args, '--skip', 'socket,agent,models', '--root', root);
    expect(complaints(examined)).toEqual({ greengrass: expect.stringMatching(/^warning: .*cannot be read: only root may/) as string });
    expect(examined.report.checks.find(({ name }) => name === 'greengrass')?.remedy).toContain('sudo');
  });

  test('a root that is hidden from this user', async () => {
    const root = await useClassic({});
    await chmod(root, isRoot ? 0o700 : 0o000);
    onTestFinished(async () => chmod(root, 0o700));
    const examined = await asOther('--json', '--device', '--only', 'greengrass,greengrass-running,device-thing-name', '--root', root);
    expect([examined.code, complaints(examined)]).toEqual([0, { greengrass: expect.stringContaining('only root may') as string, 'greengrass-running': expect.stringMatching(/^warning: could not check: .*hidden from this user$/) as string }]);
  });

  test('an agent to which this user may not connect', async () => {
    const root = await useClassic({});
    await chmod(root, 0o755);
    const path = join(root, 'agent.sock');
    const agent = createServer((socket) => socket.destroy());
    agent.listen(path);
    await once(agent, 'listening');
    onTestFinished(() => void agent.close());
    await chmod(path, isRoot ? 0o600 : 0o000);
    const examined = await asOther('--json', '--device', '--only', 'socket,agent,models', '--socket', path, '--root', root);
    expect(complaints(examined)).toEqual({ socket: expect.stringMatching(/^warning: .*this user may not connect$/) as string });
    expect(examined.report.checks.map(({ status }) => status)).toEqual(['warning', 'n.a.', 'n.a.']);
  });
});

describe('without a device', () => {
  test('there is no Greengrass, and the account is checked on its own', async () => {
    const root = await temporaryFolder();
    const none = await examine('--device', '--root', root, '--skip', 'clock,memory,disk,shared-memory');
    expect([none.code, complaints(none)]).toEqual([1, { greengrass: `fail: no Greengrass in ${root}` }]);
    withoutAws();
    const cloud = await examine('--cloud', '--fleet', 'lobby', '--region', 'eu-west-1', '--root', root);
    expect([cloud.code, complaints(cloud)]).toEqual([2, { 'aws-credentials': 'warning: the account is not checked: no AWS credentials were found' }]);
    const both = await examine('--root', root, '--region', 'eu-west-1', '--only', 'recipes,aws-credentials');
    expect([both.code, Object.keys(complaints(both))]).toEqual([0, ['aws-credentials']]);
  });

  test('a folder of recipes can be checked', async () => {
    const root = await temporaryFolder();
    await mkdir(join(root, 'recipes'));
    await writeFile(join(root, 'recipes/pump.yaml'), 'ComponentName: com.example.Pump\n');
    const { code, report } = await examine('--device', '--root', root, '--only', 'recipes', '--recipe-dir', join(root, 'recipes'));
    expect([code, report.checks[0]?.status]).toEqual([1, 'fail']);
  });

  test('every check is listed with what asks for it', async () => {
    const { code, stdout } = await fescue('doctor', '--list', '--region', 'eusc-de-east-1');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^check +of +prerequisites +asks whether\ngreengrass +device +step 1, line 7 +Greengrass core software is installed\n/);
    const { stdout: json } = await fescue('doctor', '--list', '--json');
    const names = (JSON.parse(json) as { name: string }[]).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  test.each([
    [['--device', '--cloud'], /cannot be used with/],
    [['--only', 'nothing'], /There is no check "nothing"; fescue doctor --list has all/],
    [['--only', ''], /There is no check ""/],
    [['--account', '12'], /12 digits/],
    [['--fleet', 'a b'], /Expected at most 63 letters/],
    [['--cloud', '--root', '/nowhere'], /not known what to look for in the account\. Name the fleet with --fleet/],
    [['--region', 'here'], /region such as eu-central-1/],
  ])('%j is bad usage', async (args, message) => {
    expect(await fescue('doctor', ...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) as string });
  });
});

/** Whatever credentials this machine has, a test must not find them. */
function withoutAws(): void {
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE', 'AWS_CONTAINER_CREDENTIALS_FULL_URI', 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'AWS_WEB_IDENTITY_TOKEN_FILE']) vi.stubEnv(name, undefined);
  for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, '/nowhere');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  onTestFinished(() => void vi.unstubAllEnvs());
}
