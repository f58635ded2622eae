// Makes a fresh checkout runnable: installs what the lock file names if that has not happened yet, then runs a
// script on the pinned Node. Plain JavaScript without dependencies, so that any Node from 20 on can start it.
//
//   node scripts/bootstrap.mjs <script> [arguments]

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const pinnedNode = join(root, 'node_modules', '.bin', 'node');

/** Installs the dependencies unless the installed tree is newer than the lock file. */
function installMissing() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (existsSync(installed) && existsSync(pinnedNode) && statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs) {
    return;
  }
  process.stderr.write('Installing dependencies (npm ci); this takes a minute the first time …\n');
  // npm's own output goes to stderr: stdout belongs to the script.
  const result = spawnSync('npm', ['ci', '--loglevel=error', '--no-progress'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.error !== undefined || result.status !== 0) {
    fail(`npm ci failed (${result.error?.message ?? `exit code ${result.status ?? result.signal}`}). Its message is above; run "npm ci" in ${root} to see it again.`);
  }
}

/** @param {string} text @returns {never} */
function fail(text) {
  process.stderr.write(`fescue: ${text}\n`);
  process.exit(1);
}

/**
 * Runs a script of this checkout on the pinned Node and ends with its exit code.
 *
 * @param {string} script path relative to the checkout
 * @param {string[]} args its arguments
 */
export function run(script, args) {
  installMissing();
  if (!existsSync(pinnedNode)) {
    fail(`no Node for ${process.platform}-${process.arch} among the dependencies. Fescue runs on linux-x64 and linux-arm64.`);
  }
  // The flag: see nodeFlags in scripts/packaging/recipes.ts.
  const child = spawn(pinnedNode, ['--initial-old-space-size=64', join(root, script), ...args], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to the whole group; other senders reach only this process, so pass the signal on.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', (error) => fail(`${pinnedNode} could not be started: ${error.message}`));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 1;
    if (signal !== null) process.stderr.write(`fescue: ended by ${signal}\n`);
  });
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [script, ...args] = process.argv.slice(2);
  if (script === undefined) fail('usage: node scripts/bootstrap.mjs <script> [arguments]');
  process.chdir(root);
  run(script, args);
}
