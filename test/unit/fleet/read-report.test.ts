import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readIndexedShadows, readShadowDocument } from '../../../scripts/fleet/read-report.ts';
import { deviceReportOf, modelReportOf, shadowOf } from '../../helpers/device-reports.ts';

describe('the report in a shadow', () => {
  test('is read from a shadow and from the index alike', () => {
    const report = { ...deviceReportOf(), later: { key: true } };
    expect(readShadowDocument(shadowOf(report))).toEqual({ report });
    expect(readIndexedShadows(JSON.stringify({ name: { fescue: { reported: report, version: 3, hasDelta: false }, other: { reported: {} } }, reported: {} }), 'fescue')).toEqual({ report });
  });

  test('comes with the moment at which the shadow took it', () => {
    const report = deviceReportOf();
    const metadata = { reported: { time: { timestamp: 1_700_000_000 } } };
    expect(readShadowDocument(JSON.stringify({ state: { reported: report }, metadata, version: 3 }))).toEqual({ report, receivedAt: 1_700_000_000 });
    expect(readIndexedShadows(JSON.stringify({ name: { fescue: { reported: report, metadata, version: 3 } } }), 'fescue')).toEqual({ report, receivedAt: 1_700_000_000 });
    expect(readShadowDocument(JSON.stringify({ state: { reported: report }, metadata: { reported: { time: [{ timestamp: 'now' }] } } }))).toEqual({ report });
  });

  test.each([
    ['a shadow without reported state', '{"state":{"desired":{"a":1}}}'],
    ['a shadow without state', '{}'],
    ['a reported state that was taken back', '{"state":{"reported":null}}'],
    ['no object at all', '7'],
  ])('is none in %s', (_, document) => {
    expect(readShadowDocument(document)).toEqual({ report: undefined });
  });

  test('is none in an index without that shadow', () => {
    expect(readIndexedShadows('{"name":{"other":{"reported":{"format":1}}}}', 'fescue')).toEqual({ report: undefined });
    expect(readIndexedShadows('{"reported":{"format":1}}', 'fescue')).toEqual({ report: undefined });
  });

  const withProto = shadowOf(deviceReportOf()).replace('"format"', '"__proto__":{"isAdmin":true},"format"');
  test.each([
    ['no JSON', '{"state":', 'not-json', /JSON/],
    ['another format', shadowOf({ ...deviceReportOf(), format: 2 }), 'other-format', /format 2/],
    ['a format that is a word', shadowOf({ ...deviceReportOf(), format: 'one' }), 'invalid', /^format: /],
    ['a wrong type', shadowOf({ ...deviceReportOf(), agent: { version: 1 } }), 'invalid', /^agent\.version: /],
    ['a list in place of a report', shadowOf([1, 2]), 'invalid', /./],
    ['a text in place of a report', shadowOf('running'), 'invalid', /^the report: /],
    ['a negative count', shadowOf(deviceReportOf({ models: [modelReportOf({ predictions: -1 })] })), 'invalid', /^models\.0\.predictions: /],
    ['a number that JSON takes for infinite', shadowOf(deviceReportOf()).replace('"cpuPercent":25', '"cpuPercent":1e999'), 'invalid', /cpuPercent/],
    ['a huge list', shadowOf({ ...deviceReportOf(), models: Array.from({ length: 5_000 }, () => 1) }), 'too-large', /4096 values/],
    ['a huge text', shadowOf(deviceReportOf({ fleet: 'x'.repeat(2_000) })), 'too-large', /2000 characters/],
    ['a huge document', ' '.repeat(200_000), 'too-large', /200000 characters/],
    ['many levels', shadowOf({ ...deviceReportOf(), deep: JSON.parse(`${'['.repeat(50)}${']'.repeat(50)}`) as unknown }), 'too-large', /8 levels/],
    ['a prototype', withProto, 'invalid', /__proto__/],
  ])('is refused with %s', (_, document, reason, detail) => {
    expect(readShadowDocument(document)).toEqual({ report: undefined, problem: { reason, detail: expect.stringMatching(detail) as string } });
  });

  test('is refused with levels that would exhaust the stack', () => {
    expect(readShadowDocument(`{"state":{"reported":${'['.repeat(60_000)}${']'.repeat(60_000)}}}`).problem).toMatchObject({ reason: 'too-large' });
  });

  test('may hold anything: nothing is thrown, and what is told is short', () => {
    fc.assert(
      fc.property(fc.json(), fc.string(), (json, text) => {
        for (const document of [json, text, `{"state":{"reported":${json}}}`]) expect(readShadowDocument(document).problem?.detail.length ?? 0).toBeLessThan(250);
      }),
    );
  });
});
