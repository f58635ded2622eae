type JsonLine = { timestamp?: unknown; level?: unknown; eventType?: unknown; message?: unknown; cause?: unknown; contexts?: unknown };

/** A line of a classic nucleus's log for people: its JSON format becomes text, its text format stays as it is. */
export function readableLogLine(line: string): string {
  const parsed = parseLine(line);
  if (parsed === undefined || typeof parsed.timestamp !== 'number' || !Number.isFinite(parsed.timestamp)) return line;
  const words = [new Date(parsed.timestamp).toISOString(), parsed.level, parsed.eventType, parsed.message, causeOf(parsed.cause)];
  return words.filter((word) => typeof word === 'string' && word !== '').join(' ');
}

function parseLine(line: string): JsonLine | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as JsonLine;
  } catch (error) {
    // A component may print a brace itself.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function causeOf(cause: unknown): string | undefined {
  if (typeof cause !== 'object' || cause === null || !('message' in cause) || typeof cause.message !== 'string') return undefined;
  return `(${cause.message})`;
}
