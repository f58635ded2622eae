type JsonLine = { timestamp?: unknown; level?: unknown; eventType?: unknown; message?: unknown; cause?: unknown; contexts?: unknown };

/**
 * A line of a nucleus's log for people: JSON becomes text, and of the classic nucleus's text goes what says the same on
 * every line: thread, component, and the map of script and state.
 */
export function readableLogLine(line: string): string {
  const [, time, level, message] = /^(\d{4}-\S+Z) \[(\w+)\] \([^)]*\) \S+: (.*?)\.? \{scriptName=.*\}$/.exec(line) ?? [];
  if (message !== undefined) return `${time} ${level} ${message}`;
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
