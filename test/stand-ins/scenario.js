// What the stand-ins for the programs of a Greengrass device share: how a deployment goes, and what they were called with.

import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env.STAND_IN_FOLDER;
if (folder === undefined) throw new Error('STAND_IN_FOLDER is not set');

export const deploymentId = '5713ebbe-3e9b-45ce-9b0d-8ae13a48ee57';

/** `{ states, reason, components }`: the states that one look after the other finds; the last one stays. */
export function readScenario() {
  return JSON.parse(readFileSync(join(folder, 'scenario.json'), 'utf8'));
}

/** The state that this look finds; undefined before a deployment. */
export function nextState() {
  if (!existsSync(join(folder, 'looks'))) return undefined;
  const looks = Number(readFileSync(join(folder, 'looks'), 'utf8'));
  writeFileSync(join(folder, 'looks'), String(looks + 1));
  const { states } = readScenario();
  return states[Math.min(looks, states.length - 1)];
}

export function noteDeployment(received) {
  writeFileSync(join(folder, 'received.json'), JSON.stringify(received));
  writeFileSync(join(folder, 'looks'), '0');
}

export function noteCall(program) {
  appendFileSync(join(folder, 'calls'), `${JSON.stringify([program, ...process.argv.slice(2)])}\n`);
}

/** The values of an option that may be repeated, by any of its spellings. */
export function valuesOf(...names) {
  return process.argv.flatMap((argument, index) => (names.includes(argument) ? [process.argv[index + 1]] : []));
}

export function pairs(values) {
  return Object.fromEntries(values.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]));
}

export function componentFile(name) {
  return join(folder, `${name}.log`);
}
