import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { identityModel } from '../../scripts/measure/onnx-model.ts';
import { gdkFolders } from '../../scripts/packaging/gdk-project.ts';
import { components } from '../../scripts/packaging/recipes.ts';
import { buildAsGdk, checkPublishable, readGdkProject } from '../helpers/gdk-project.ts';
import { fescue } from '../helpers/run-command.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

// The runtime is left to test/gdk: its other architecture comes from the registry.
const small = Object.entries(gdkFolders).filter(([name]) => name !== 'dev.fescue.Runtime');

describe('the build command of gdk-config.json', () => {
  test.each(small)('of %s, run in %s as GDK does, makes what publish takes', async (name, folder) => {
    const project = await readGdkProject(resolve(folder));
    onTestFinished(() => rm(join(folder, 'greengrass-build'), { recursive: true, force: true }));
    expect(project).toMatchObject({ name, version: components().find((component) => component.name === name)?.version, author: 'Fescue' });
    await buildAsGdk(project);
    const artifacts = await checkPublishable(project);
    expect(artifacts).toHaveLength(name.includes('.model.') ? 2 : 3);
    // A build by hand: nothing has prepared the folders, and there is an older one.
    await writeFile(join(folder, 'greengrass-build/artifacts', name, 'old'), '');
    await buildAsGdk({ ...project, version: '0.0.1' });
    expect(await checkPublishable(project)).toEqual(artifacts);
  });

  test('of a model that fescue package made needs neither Node nor the checkout', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'pair.onnx'), identityModel([{ name: 'x', type: 'FLOAT32', shape: [1, 2] }]));
    const made = await fescue('package', join(folder, 'pair.onnx'), '--name', 'pump-2', '--version', '1.0.0', '--publisher', "Ann's \"pumps\"", '--out', join(folder, 'out'), '--json');
    const { gdkProject, artifacts } = JSON.parse(made.stdout) as { gdkProject: string; artifacts: string };
    expect(gdkProject).toBe(join(folder, 'out/gdk/dev.fescue.model.Pump2'));
    const project = await readGdkProject(gdkProject);
    expect(project).toMatchObject({ name: 'dev.fescue.model.Pump2', version: '1.0.0', author: "Ann's \"pumps\"" });
    await buildAsGdk(project, { PATH: '/usr/bin:/bin' });
    for (const file of await checkPublishable(project)) {
      const built = await readFile(join(gdkProject, 'greengrass-build/artifacts', project.name, project.version, file));
      expect(built.equals(await readFile(join(artifacts, file))), file).toBe(true);
    }
  });

  test('refuses a component that is not of this checkout', async () => {
    const project = await readGdkProject(resolve('.'));
    const command = [...project.command.slice(0, -1), 'dev.fescue.Else'];
    await expect(buildAsGdk({ ...project, folder: resolve('.'), command })).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/^gdk-build: dev\.fescue\.Else is no component of this checkout\. Expected one of dev\.fescue\.Runtime/) as string });
    await rm(resolve('greengrass-build'), { recursive: true, force: true });
  });
});
