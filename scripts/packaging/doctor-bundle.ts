import { build, type Plugin } from 'esbuild';
import { ownManifest } from './bundles.ts';
import { inCheckout, rootFolder } from './paths.ts';

/** What the entry reaches and never uses: texts of messages in other languages, and what only the agent itself needs. */
const emptied: readonly { readonly path: RegExp; readonly contents: string }[] = [
  { path: /\/zod\/v4\/locales\/index\.js$/, contents: "export { default as en } from './en.js';" },
  { path: /\/node_modules\/(@grpc\/proto-loader|pino)\/[^/]*(\/[^/]*)*\.js$/, contents: '' },
];

const leaveOut: Plugin = {
  name: 'leave-out',
  setup: (bundle) => {
    for (const { path, contents } of emptied) bundle.onLoad({ filter: path }, () => ({ contents }));
  },
};

/** Clients that are loaded only when they are asked for, and never are there. */
const neverLoaded = ['@aws-sdk/client-iam', '@aws-sdk/client-iot', '@aws-sdk/client-iot-data-plane', '@aws-sdk/client-s3', '@aws-sdk/client-greengrassv2'];

/** Node 20 does not have these yet. */
const missingInNode20 = 'Promise.withResolvers ??= function () { let resolve, reject; const promise = new this((done, fail) => { resolve = done; reject = fail; }); return { promise, resolve, reject }; };';

/** Doctor's part for devices as one CommonJS program, which any Node from 20 on takes from its standard input: `node - '<request>'`. */
export async function bundleDoctor(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    absWorkingDir: rootFolder,
    entryPoints: [inCheckout('scripts/doctor/device-main.ts')],
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minify: true,
    preserveSymlinks: true,
    external: neverLoaded,
    // It is no file there; nothing that is used asks where it lies.
    define: { 'import.meta.url': '"file:///dev/stdin"' },
    banner: { js: missingInNode20 },
    plugins: [ownManifest, leaveOut],
    logLevel: 'error',
  });
  return Buffer.concat(outputFiles.map(({ contents }) => contents));
}
