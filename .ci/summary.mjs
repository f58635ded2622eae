// Prints "N passed, N failed" over the result files of a folder, and fails when anything did or nothing ran.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
const counts = readdirSync(folder).map((name) => {
  const result = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  return name === 'node.json' ? { passed: result.numPassedTests, failed: result.numFailedTests || result.numFailedTestSuites } : result;
});
const sum = (key) => counts.reduce((total, count) => total + count[key], 0);
process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`);
if (sum('failed') > 0 || sum('passed') === 0) process.exitCode = 1;
