/**
 * A message of ours in its two parts: what is wrong, and, in the last sentences, what to do about it.
 *
 * @example splitMessage('x is missing. Make one.') // { problem: 'x is missing', remedy: 'Make one.' }
 */
export function splitMessage(message: string): { readonly problem: string; readonly remedy: string | undefined } {
  const [, problem, remedy] = /^(.+?)\.\s+([A-Z`].*)$/s.exec(message) ?? [];
  return { problem: problem ?? message.replace(/\.$/, ''), remedy };
}
