import { deviceReportSchema } from '../../components/common/device-report.ts';
import type { FleetDevice, ReportProblem } from './device.ts';

type Read = Pick<FleetDevice, 'report' | 'problem' | 'receivedAt'>;

/** Of a whole shadow document: both its states, and the times of all their values. IoT Core's own have no more than a third of it. */
const mostDocumentBytes = 128 * 1024;
/** What 8 KB of JSON can hold is far below these. */
const mostDepth = 8;
const mostEntries = 4_096;
const mostTextLength = 1_024;
const mostDetailLength = 200;

/**
 * The report in a shadow as IoT Core gives it, with `state` on top.
 *
 * @param document JSON text of a device, which may hold anything
 */
export function readShadowDocument(document: string): Read {
  return readDocument(document, (parsed) => ({ reported: keyIn(parsed, 'state', 'reported'), metadata: keyIn(parsed, 'metadata') }));
}

/** The report in what fleet indexing has of a thing's shadows, with `name` on top. */
export function readIndexedShadows(document: string, shadow: string): Read {
  return readDocument(document, (parsed) => ({ reported: keyIn(parsed, 'name', shadow, 'reported'), metadata: keyIn(parsed, 'name', shadow, 'metadata') }));
}

/** What a shadow holds, and when each value of it was written. */
type Shadow = { readonly reported: unknown; readonly metadata: unknown };

function readDocument(document: string, find: (parsed: unknown) => Shadow): Read {
  if (document.length > mostDocumentBytes) return failed({ reason: 'too-large', detail: `its shadow has ${document.length} characters; up to ${mostDocumentBytes} are read` });
  let parsed: unknown;
  try {
    parsed = JSON.parse(document);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return failed({ reason: 'not-json', detail: error.message });
  }
  const { reported, metadata } = find(parsed);
  const read = readReported(reported);
  const receivedAt = keyIn(metadata, 'reported', 'time', 'timestamp');
  return read.report !== undefined && typeof receivedAt === 'number' ? { ...read, receivedAt } : read;
}

function readReported(reported: unknown): Read {
  if (reported === undefined || reported === null) return { report: undefined };
  const excess = excessOf(reported);
  if (excess !== undefined) return failed(excess);
  const format = keyIn(reported, 'format');
  if (typeof format === 'number' && format !== 1) return failed({ reason: 'other-format', detail: `it has format ${format}; this version of fescue reads format 1` });
  const { data, error } = deviceReportSchema.safeParse(reported);
  if (data !== undefined) return { report: data };
  const [issue] = error.issues;
  return failed({ reason: 'invalid', detail: issue === undefined ? 'unknown' : `${issue.path.join('.') || 'the report'}: ${issue.message}` });
}

/** What no report has, whatever its keys. */
function excessOf(reported: unknown): ReportProblem | undefined {
  let entries = 0;
  const look = (value: unknown, depth: number): ReportProblem | undefined => {
    if (typeof value === 'string' && value.length > mostTextLength) return { reason: 'too-large', detail: `a text of ${value.length} characters` };
    if (typeof value !== 'object' || value === null) return undefined;
    if (depth >= mostDepth) return { reason: 'too-large', detail: `more than ${mostDepth} levels` };
    const keys = Object.keys(value);
    entries += keys.length;
    if (entries > mostEntries) return { reason: 'too-large', detail: `more than ${mostEntries} values` };
    // JSON.parse makes a key of it; whoever copies the object would change the copy's prototype.
    if (keys.includes('__proto__')) return { reason: 'invalid', detail: 'it has a key __proto__' };
    for (const one of Object.values(value)) {
      const excess = look(one, depth + 1);
      if (excess !== undefined) return excess;
    }
    return undefined;
  };
  return look(reported, 0);
}

/** What is there below these keys, one in the other. */
function keyIn(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce((one, key) => (typeof one === 'object' && one !== null && Object.hasOwn(one, key) ? (one as Record<string, unknown>)[key] : undefined), value);
}

function failed({ reason, detail }: ReportProblem): Read {
  return { report: undefined, problem: { reason, detail: detail.length > mostDetailLength ? `${detail.slice(0, mostDetailLength)}…` : detail } };
}
