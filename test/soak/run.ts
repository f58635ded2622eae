/** `npm run test:soak`: the long form of the tests in this folder, which `npm test` runs in a short one. */
import { spawn } from 'node:child_process';
import { inCheckout } from '../../scripts/packaging/paths.ts';

const vitest = spawn(process.execPath, [inCheckout('node_modules/vitest/vitest.mjs'), 'run', 'test/soak', ...process.argv.slice(2)], { stdio: 'inherit', env: { ...process.env, FESCUE_SOAK: '1' } });
vitest.on('exit', (code) => (process.exitCode = code ?? 1));
