import { FescueError } from '../../components/common/errors.ts';
import type { Argv, Finished } from './run-process.ts';

/** Puts sudo in front of a command. Where nobody can answer, it must not ask. */
export function withSudo(argv: Argv, interactive: boolean): Argv {
  return interactive ? ['sudo', ...argv] : ['sudo', '-n', ...argv];
}

/** @throws FescueError `failed-precondition` when sudo would have asked for a password */
export function refusePassword({ stderr }: Finished, subject: string, remedy: string): void {
  if (!/^sudo: .*(password|askpass|terminal|not allowed|not in the sudoers)/m.test(stderr)) return;
  throw new FescueError('failed-precondition', `${subject} takes root, and sudo asks for a password that nobody can type here. ${remedy}`);
}
