import { describe, expect, test } from 'vitest';
import { isRunnerChatter, parseCursor, parseLiteCreated, parseUnits, parseVerdict } from '../../../scripts/deploy/lite-output.ts';

const id = '0f0c9ea2-6a39-4a1c-9f8e-2d0d63f5a7d1';

test('ggl-cli deploy', () => {
  expect(parseLiteCreated(`I[ggl-cli] ggl-cli.c:213: Deploying 1 components in a single deployment:\nI[ggl-cli] ggl-cli.c:215:   - com.example.A=1.0.0\nI[ggl-cli] ggl-cli.c:309: Deployment id: ${id}.\n`)).toBe(id);
  expect(parseLiteCreated('E[ggl-cli] ggl-cli.c:297: Error sending deployment: 8.\n')).toBeUndefined();
});

test('the cursor of the journal', () => {
  expect(parseCursor('-- cursor: s=0639;i=8f2;b=21d6;m=2a4e;t=62f1;x=b4a1\n')).toBe('s=0639;i=8f2;b=21d6;m=2a4e;t=62f1;x=b4a1');
  expect(parseCursor('')).toBeUndefined();
});

describe('the verdict of the deployment service', () => {
  const begun = 'I[ggdeploymentd] deployment_handler.c:4244: Processing incoming deployment.';
  const failed = 'W[ggdeploymentd] deployment_handler.c:2837: Completed deployment processing and reporting job as FAILED.';
  const succeeded = 'I[ggdeploymentd] deployment_handler.c:2820: Completed deployment processing and reporting job as SUCCEEDED.';
  const error = (text: string): string => `E[ggdeploymentd] deployment_handler.c:2506: ${text}`;

  test.each([
    ['nothing yet', [], 'QUEUED'],
    ['the end of the one before', [failed], 'QUEUED'],
    ['its begin', [begun], 'IN_PROGRESS'],
    ['its success', [begun, succeeded], 'SUCCEEDED'],
    ['its success after the failure of the one before', [failed, begun, succeeded], 'SUCCEEDED'],
    ['its success before the next one', [begun, succeeded, begun, failed], 'SUCCEEDED'],
    ['priorities of the journal', [`<6>${begun}`, `<6>${succeeded}`], 'SUCCEEDED'],
    ['text of components that only looks so', ['Processing incoming deployment.', 'W[x] Completed deployment'], 'QUEUED'],
  ])('%s', (_, lines, state) => {
    expect(parseVerdict(lines.join('\n'), id).state).toBe(state);
  });

  test.each([
    ['com.example.Camera', 'com.example.Camera is broken.'],
    ['com.example.Camera', 'Failed waiting for com.example.Camera.install'],
    ['com.example.Camera', 'There is a version conflict for component com.example.Camera, where it is already locally deployed as version 1.0.0 and the deployment requests version 1.1.0.'],
    [undefined, 'Failed to do dependency resolution for deployment, failing deployment.'],
  ])('a failure that is about %s', (blamed, text) => {
    expect(parseVerdict([error('of before'), begun, 'D[ggdeploymentd] x.c:1: Waiting for y to finish', error(text), failed].join('\n'), id)).toEqual({ state: 'FAILED', reason: text, blamed });
  });

  test('what fails without a connection to AWS is no reason', () => {
    const offline = error('The listThingGroupsForCoreDevice call failed with response .');
    expect(parseVerdict([begun, offline, error('com.example.Camera is broken.'), failed].join('\n'), id).reason).toBe('com.example.Camera is broken.');
  });

  test('a build that logs for debugging names the deployment', () => {
    const writing = (name: string): string => `D[ggdeploymentd] deployment_handler.c:2291: Writing ${name} to com.example.Camera/configArn`;
    const first = [begun, writing('45e1baa3-6689-4885-a68a-5c9ed6f3d15d'), failed];
    const second = [begun, writing('arn:aws:greengrass:eu-central-1:1:configuration:thing/x:1'), failed];
    expect(parseVerdict([...first, ...second].join('\n'), id).state).toBe('QUEUED');
    expect(parseVerdict([...first, ...second, begun].join('\n'), id).state).toBe('IN_PROGRESS');
    expect(parseVerdict([...first, ...second, begun, writing(id), succeeded].join('\n'), id).state).toBe('SUCCEEDED');
  });

  test('a build with a log trail names the deployment', () => {
    const trail = (text: string): string => `I[ggdeploymentd] [1A2B:0001:----:deployment_handler.c:4240] ${text}`;
    const other = [trail('trace_start: deployment_jobs job_id=other'), trail('Processing incoming deployment.'), trail('Completed deployment processing and reporting job as FAILED.')];
    const ours = [trail(`trace_start: deployment_jobs job_id=${id}`), trail('Processing incoming deployment.')];
    expect(parseVerdict([...other, ...ours].join('\n'), id).state).toBe('IN_PROGRESS');
  });
});

test.each([
  [true, 'D[gg-sdk] socket_epoll.c:69: Calling epoll callback on thread 1229.'],
  [true, 'I[ggl-common] init.c:19: Nucleus version: 2.6.0'],
  [true, 'D[recipe-runner] runner.c:630: No network proxy set.'],
  [true, 'W[gg-sdk] get_config.c:23: Requested configuration could not be found: Key not found.'],
  [false, 'W[gg-sdk] client.c:409: The connection was lost.'],
  [false, 'E[recipe-runner] runner.c:812: Failed to load the recipe.'],
  [false, 'I[camera] main.c:12: no lens'],
  [false, 'D[gg-sdk is what it says'],
  [false, '{"msg":"D[gg-sdk] x"}'],
])('whether a line is the runner\'s: %s', (expected, text) => {
  expect(isRunnerChatter(`2026-11-25T19:35:18+0000 vm com.example.Camera[1225]: ${text}`)).toBe(expected);
});

describe('units of components', () => {
  const exec = 'ExecStart={ path=/usr/bin/recipe-runner ; argv[]=/usr/bin/recipe-runner -n com.example.A -v 1.2.3 -p run ; ignore_errors=no ; pid=0 }';
  const unit = (name: string, properties: Record<string, string>): string => Object.entries({ Id: name, LoadState: 'loaded', ActiveState: 'active', SubState: 'running', Result: 'success', NRestarts: '0', InactiveEnterTimestampMonotonic: '0', ...properties }).map(([key, value]) => `${key}=${value}`).join('\n') + `\n${exec}`;
  const main = (properties: Record<string, string>): string => unit('ggl.com.example.A.service', properties);

  test.each([
    ['STARTING', { ActiveState: 'activating', SubState: 'auto-restart' }],
    ['RUNNING', { ActiveState: 'active' }],
    ['STOPPING', { ActiveState: 'deactivating' }],
    ['INSTALLED', { ActiveState: 'inactive' }],
    ['FINISHED', { ActiveState: 'inactive', InactiveEnterTimestampMonotonic: '98' }],
    ['ERRORED', { ActiveState: 'inactive', InactiveEnterTimestampMonotonic: '98', Result: 'exit-code', NRestarts: '1' }],
    ['BROKEN', { ActiveState: 'inactive', InactiveEnterTimestampMonotonic: '98', Result: 'exit-code', NRestarts: '3' }],
    ['BROKEN', { ActiveState: 'failed', Result: 'exit-code', NRestarts: '2' }],
  ])('%s', (state, properties) => {
    expect(parseUnits(main(properties))).toEqual([{ name: 'com.example.A', version: '1.2.3', state }]);
  });

  test('a component whose install step failed is broken, whatever its other unit says', () => {
    expect(parseUnits([unit('ggl.com.example.A.install.service', { ActiveState: 'failed', Result: 'exit-code' }), main({ ActiveState: 'inactive' })].join('\n\n'))).toEqual([{ name: 'com.example.A', version: '1.2.3', state: 'BROKEN' }]);
  });

  test('core services, units that are gone and other text are no components', () => {
    expect(parseUnits([unit('ggl.core.ggconfigd.service', {}), unit('ggl.com.example.Gone.service', { LoadState: 'not-found' }), 'hello'].join('\n\n'))).toEqual([]);
    expect(parseUnits('')).toEqual([]);
  });

  test('several, in the order of their names', () => {
    const units = [unit('ggl.b.service', {}), unit('ggl.a.install.service', {}), unit('ggl.a.service', { ActiveState: 'activating' })];
    expect(parseUnits(units.join('\n\n')).map(({ name, state }) => `${name} ${state}`)).toEqual(['a STARTING', 'b RUNNING']);
  });
});
