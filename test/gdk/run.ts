/**
 * `npm run test:gdk`: builds every component, and one that `fescue package` made, with the GDK on PATH, or the one that
 * the variable GDK names, and publishes them to moto's S3 and a stand-in of Greengrass. Where there is no GDK it says so
 * and succeeds; where Python or PyPI is missing it only builds. With a path as argument, writes
 * `{"passed": n, "failed": n}` there.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../../components/common/errors.ts';
import { identityModel } from '../../scripts/measure/onnx-model.ts';
import { gdkFolders } from '../../scripts/packaging/gdk-project.ts';
import { inCheckout } from '../../scripts/packaging/paths.ts';
import { checkPublishable, readGdkProject, type GdkProject } from '../helpers/gdk-project.ts';
import { withMoto } from '../helpers/moto.ts';
import { installPython, type Counts } from '../helpers/python-suite.ts';
import { startGreengrassService } from './greengrass-service.ts';
import { checkPublished } from './published.ts';

const run = promisify(execFile);
const gdk = process.env['GDK'] ?? 'gdk';
const folder = mkdtempSync(join(tmpdir(), 'fescue-gdk-'));
const counts: Counts = { passed: 0, failed: 0 };
const [resultsFile] = process.argv.slice(2);

try {
  if (spawnSync(gdk, ['--version']).status === 0) await runTests();
  else process.stdout.write(`GDK tests skipped: there is no ${gdk}; install it, or name it with GDK=<path>\n`);
  if (resultsFile !== undefined) writeFileSync(resultsFile, JSON.stringify(counts));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function runTests(): Promise<void> {
  const folders = [...Object.values(gdkFolders).map((path) => inCheckout(path)), await packagedModel()];
  const projects = await Promise.all(folders.map(readGdkProject));
  try {
    for (const project of projects) await check(`gdk component build makes ${project.name} as publish takes it`, () => build(project));
    const { python, missing } = installPython(folder, inCheckout('test/s3/requirements.txt'));
    if (missing !== undefined) process.stdout.write(`GDK: publishing skipped: ${missing}\n`);
    else await withMoto({ python, folder }, (s3) => publishAll(projects, s3));
  } finally {
    for (const path of folders) rmSync(join(path, 'greengrass-build'), { recursive: true, force: true });
  }
}

async function build({ folder: cwd, ...project }: GdkProject): Promise<void> {
  await run(gdk, ['component', 'build'], { cwd });
  await checkPublishable({ folder: cwd, ...project });
}

async function publishAll(projects: readonly GdkProject[], s3: string): Promise<void> {
  const greengrass = await startGreengrassService();
  const endpoints = { AWS_ENDPOINT_URL_S3: s3, AWS_ENDPOINT_URL_STS: s3, AWS_ENDPOINT_URL_GREENGRASSV2: greengrass.endpoint };
  const identity = { AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: 'any', AWS_DEFAULT_REGION: 'eu-west-1', AWS_PROFILE: undefined, AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' };
  try {
    for (const project of projects) {
      await check(`gdk component publish brings ${project.name} to S3 and Greengrass`, async () => {
        await run(gdk, ['component', 'publish', '--bucket', 'fescue-components', '--region', 'eu-west-1'], { cwd: project.folder, env: { ...process.env, ...endpoints, ...identity } });
        await checkPublished(project, { s3, bucket: 'fescue-components', recipe: greengrass.recipes.get(`${project.name} ${project.version}`) });
      });
    }
  } finally {
    greengrass.close();
  }
}

/** The GDK project of a model that copies two numbers. */
async function packagedModel(): Promise<string> {
  const model = join(folder, 'pair.onnx');
  writeFileSync(model, identityModel([{ name: 'x', type: 'FLOAT32', shape: [1, 2] }]));
  const { stdout } = await run(process.execPath, [inCheckout('scripts/fescue.mjs'), 'package', model, '--name', 'pump', '--version', '2.1.0', '--out', join(folder, 'out'), '--json']);
  return (JSON.parse(stdout) as { gdkProject: string }).gdkProject;
}

async function check(name: string, test: () => Promise<void>): Promise<void> {
  try {
    await test();
    counts.passed += 1;
    process.stdout.write(`GDK: ${name}: passed\n`);
  } catch (error) {
    counts.failed += 1;
    process.exitCode = 1;
    process.stdout.write(`GDK: ${name}: failed\n${messageOf(error).split('\n').slice(-10).join('\n')}\n`);
  }
}
