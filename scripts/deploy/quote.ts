import { FescueError } from '../../components/common/errors.ts';

/**
 * Arguments as one line that a POSIX shell takes apart into exactly these arguments again.
 *
 * @throws FescueError `invalid-argument` on a null character, which no argument can hold
 */
export function shellQuote(argv: readonly string[]): string {
  return argv.map((text, index) => quoteOne(text, index === 0 ? /^[\w@%+:,./-]+$/ : /^[\w@%+:,./=-]+$/)).join(' ');
}

// In the first word, an equals sign would make it an assignment.
function quoteOne(text: string, plain: RegExp): string {
  if (text.includes('\0')) throw new FescueError('invalid-argument', `${JSON.stringify(text)} cannot be an argument of a command: expected text without a null character. Correct it.`);
  return plain.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
