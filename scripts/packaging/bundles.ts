import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { productVersion } from '../../components/common/version.ts';
import { inCheckout, rootFolder } from './paths.ts';

/** Libraries with native parts: they come with the runtime component and are found through NODE_PATH. */
const nativeLibraries = ['onnxruntime-node', 'sharp', 'aws-crt', 'koffi'];

/**
 * Files that libraries of the agent read from their own folder: where they have to lie beside the bundle, and where they
 * are. (A folder keeps them apart also because tar takes a name that begins with @ for an archive to include.)
 */
export const libraryFiles = [
  'grpc-health-check/proto/health/v1/health.proto',
  '@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto',
  '@grpc/reflection/build/proto/grpc/reflection/v1alpha/reflection.proto',
].map((path) => ({ name: `libraries/${path}`, from: inCheckout('node_modules', path) }));

/** Lets these libraries find their files there. */
const libraryFolders: Plugin = {
  name: 'library-folders',
  setup: (bundle) => {
    bundle.onLoad({ filter: /\/node_modules\/(grpc-health-check|@grpc\/reflection)\/build\/src\/.*\.js$/ }, async ({ path }) => {
      const folder = relative(inCheckout('node_modules'), dirname(path));
      return { contents: (await readFile(path, 'utf8')).replaceAll('__dirname', `(__dirname + ${JSON.stringify(`/libraries/${folder}`)})`) };
    });
  },
};

/** Of the checkout's own manifest the programs need the version: a change of the rest must not change them. */
export const ownManifest: Plugin = {
  name: 'own-manifest',
  setup: (bundle) => {
    bundle.onLoad({ filter: /\/package\.json$/ }, ({ path }) => (path === inCheckout('package.json') ? { contents: JSON.stringify({ version: productVersion }), loader: 'json' } : undefined));
  },
};

/** The programs of the components, by the name of their bundle. */
const entryPoints = {
  agent: 'components/agent/main.ts',
  worker: 'components/agent/worker-main.ts',
  capture: 'components/agent/capture/capture-main.ts',
  inference: 'components/inference/main.ts',
} as const;

export type ProgramName = keyof typeof entryPoints;

/**
 * Bundles a program as CommonJS, in which `require` looks in NODE_PATH. The result depends neither on the current folder
 * nor on that of the checkout.
 *
 * @param output.folder receives `<name>.cjs`
 * @param output.mapFolder receives `<name>.cjs.map`, whose sources are relative to the checkout
 */
export async function bundleProgram(name: ProgramName, output: { folder: string; mapFolder: string }): Promise<void> {
  const { outputFiles } = await build({
    absWorkingDir: rootFolder,
    entryPoints: { [name]: inCheckout(entryPoints[name]) },
    // Nothing is written there: it is what the paths of the map are relative to.
    outdir: rootFolder,
    write: false,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minifySyntax: true,
    minifyWhitespace: true,
    sourcemap: 'external',
    // A checkout may have its node_modules elsewhere.
    preserveSymlinks: true,
    external: nativeLibraries.flatMap((library) => [library, `${library}/*`]),
    // CommonJS has no import.meta; the sources need only its url.
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
    plugins: [libraryFolders, ownManifest],
    logLevel: 'error',
  });
  for (const { path, contents } of outputFiles) {
    const folder = path.endsWith('.map') ? output.mapFolder : output.folder;
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, basename(path)), contents);
  }
}

/** The programs of the agent: itself, and the processes it starts. */
export const agentPrograms = ['agent', 'worker', 'capture'] as const;
