import { expect } from 'vitest';
import type { Report } from '../../scripts/replay/report.ts';
import { startFescue, type CommandResult } from './run-command.ts';
import { tracesOf, useTemporaryFiles } from './traces.ts';

/** Runs `fescue replay`, which must leave nothing behind. */
export async function replay(...args: string[]): Promise<CommandResult> {
  const files = await useTemporaryFiles();
  const { result, traces } = await tracesOf(startFescue('replay', ...args), files);
  expect(traces, result.stderr).toEqual([]);
  return result;
}

/** The report of a replay that says nothing on standard error. */
export async function replayJson(...args: string[]): Promise<Report> {
  const { code, stdout, stderr } = await replay(...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Report;
}
