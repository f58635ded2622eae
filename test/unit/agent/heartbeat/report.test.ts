import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesOf, fitted, reportOf, type ModelFacts, type ReportFacts } from '../../../../components/agent/heartbeat/report.ts';
import { shadowUpdateOf } from '../../../../components/agent/heartbeat/shadow-update.ts';
import { deviceReportSchema, mostReportBytes } from '../../../../components/common/device-report.ts';

const model: ModelFacts = { alias: 'a', name: 'a.onnx', version: '', digest: undefined, provider: 'cpu', predictions: 0, errors: 0, restarts: 0, p50Ms: undefined, p99Ms: undefined, latestInference: undefined, latestSample: undefined };

function factsOf(models: readonly ModelFacts[], rest: Partial<ReportFacts> = {}): ReportFacts {
  return { fleet: 'lobby', device: 'camera-7', nowMs: 1_700_000_000_999, periodMs: 300_000, state: 'running', agent: { version: '0.1.0', uptimeSeconds: 5, starts: 1, crashes: 0 }, models, captures: undefined, system: {}, ...rest };
}

const text = (most: number): fc.Arbitrary<string> => fc.oneof(fc.string({ maxLength: most }), fc.string({ unit: 'binary', maxLength: most }), fc.constantFrom('\u0000'.repeat(most), '🦊'.repeat(most / 2)));
const count = fc.nat();
const moment = fc.option(fc.integer({ min: 0, max: 4e9 }), { nil: undefined });
const duration = fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }), { nil: undefined });
const models = fc.array(
  fc.record({
    alias: text(1_024),
    name: text(300),
    version: text(100),
    digest: fc.option(fc.constant('0123456789abcdef'.repeat(4)), { nil: undefined }),
    provider: fc.constantFrom('cpu', 'cuda'),
    predictions: count,
    errors: count,
    restarts: count,
    p50Ms: duration,
    p99Ms: duration,
    latestInference: moment,
    latestSample: moment,
  }),
  { maxLength: 300 },
);

test('a report of any models keeps to its size, is of its shape, and leaves out those that were not used for longest', () => {
  fc.assert(
    fc.property(models, fc.constantFrom(mostReportBytes, 1_024), (all, mostBytes) => {
      const report = fitted(reportOf(factsOf(all, { fleet: 'f'.repeat(255), device: 'd'.repeat(128) })), mostBytes);
      expect(bytesOf(report)).toBeLessThanOrEqual(mostBytes);
      expect(deviceReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
      expect(report.models.length + (report.modelsLeftOut ?? 0)).toBe(all.length);
      const used = report.models.map(({ latestInference }) => latestInference ?? -1);
      expect(used).toEqual(all.map(({ latestInference }) => latestInference ?? -1).toSorted((one, other) => other - one).slice(0, used.length));
      // Of a message that nucleus lite takes: 10,000 bytes with topic, headers and the rest.
      expect(Buffer.from(shadowUpdateOf(report, 'x'.repeat(36))).toString('base64').length).toBeLessThan(9_400);
    }),
    { numRuns: 60 },
  );
});

test('as many models as fit are told', () => {
  const many = Array.from({ length: 300 }, (_, index) => ({ ...model, alias: `model-${index}`, latestInference: index }));
  const report = fitted(reportOf(factsOf(many)), mostReportBytes);
  expect(report.models[0]?.alias).toBe('model-299');
  expect(report.models.length).toBeGreaterThan(30);
  expect(bytesOf({ ...report, models: [...report.models, report.models[0]] })).toBeGreaterThan(mostReportBytes);
  // Again with less room, of one that has left out some already.
  const smaller = fitted(report, 2_048);
  expect(smaller.models.length + (smaller.modelsLeftOut ?? 0)).toBe(300);
});

test('what is not known is absent, and long names are cut where it is seen', () => {
  const report = reportOf(factsOf([{ ...model, alias: 'x'.repeat(1_024), name: `${'n'.repeat(126)}🦊`, digest: '0123456789abcdef'.repeat(4), version: '1.2' }]));
  expect(report).toEqual({
    format: 1,
    fleet: 'lobby',
    device: 'camera-7',
    time: 1_700_000_000,
    periodSeconds: 300,
    state: 'running',
    agent: { version: '0.1.0', uptimeSeconds: 5, starts: 1, crashes: 0 },
    models: [{ alias: `${'x'.repeat(255)}…`, name: `${'n'.repeat(126)}🦊`, version: '1.2', digest: '0123456789abcdef', provider: 'cpu', predictions: 0, errors: 0, restarts: 0 }],
    system: {},
  });
  expect(reportOf(factsOf([{ ...model, name: `${'n'.repeat(126)}🦊🦊` }])).models[0]?.name).toBe(`${'n'.repeat(126)}\ufffd…`);
});

test('an update of a shadow forgets what the report does not have, and holds no null in its lists', () => {
  const before = reportOf(factsOf([model], { captures: { waiting: 1, bytes: 2, oldestMs: 3_999, accepted: 1, delivered: 0, uploaded: 0, dropped: { overflow: 0, damaged: 0, rejected: 0 }, quarantined: 0, sent: { objects: 0, bytes: 0, failures: { unreachable: 0, refused: 0, rejected: 0 } }, failing: true }, system: { temperatureCelsius: 50 } }));
  expect(before.spool).toEqual({ captures: 1, bytes: 2, oldest: 3, isFailing: true });
  const update = JSON.parse(shadowUpdateOf(reportOf(factsOf([model])), 'token')) as { state: { reported: Record<string, unknown> }; clientToken: string };
  expect(update.clientToken).toBe('token');
  expect(update.state.reported).toMatchObject({ spool: null, modelsLeftOut: null, system: { temperatureCelsius: null } });
  expect(JSON.stringify(update.state.reported['models'])).not.toContain('null');
  const idle = JSON.parse(shadowUpdateOf({ ...before, spool: { captures: 0, bytes: 0, isFailing: false } }, 'token')) as typeof update;
  expect(idle.state.reported['spool']).toEqual({ captures: 0, bytes: 0, oldest: null, isFailing: false });
});
