/** What every answer of AWS has, whatever the SDK's types say. @throws SyntaxError what answers is not AWS */
export function present<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new SyntaxError('the answer lacks what it has to have');
  return value;
}
