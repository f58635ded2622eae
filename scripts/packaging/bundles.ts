import { build } from 'esbuild';
import { inCheckout } from './paths.ts';

/** Libraries with native parts: they come with the runtime component and are found through NODE_PATH. */
const nativeLibraries = ['onnxruntime-node', 'sharp', 'aws-crt', 'koffi'];

/** The programs of the components, by the name of their bundle. */
const entryPoints = {
  agent: 'components/agent/main.ts',
  worker: 'components/agent/worker-main.ts',
  inference: 'components/inference/main.ts',
} as const;

/**
 * Bundles a program as CommonJS, in which `require` looks in NODE_PATH.
 *
 * @param outputFolder receives `<name>.cjs`, and `<name>.cjs.map` to be kept apart
 */
export async function bundleProgram(name: keyof typeof entryPoints, outputFolder: string): Promise<void> {
  await build({
    entryPoints: { [name]: inCheckout(entryPoints[name]) },
    outdir: outputFolder,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minifySyntax: true,
    minifyWhitespace: true,
    sourcemap: 'external',
    external: nativeLibraries.flatMap((library) => [library, `${library}/*`]),
    // CommonJS has no import.meta; the sources need only its url.
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
    logLevel: 'error',
  });
}
