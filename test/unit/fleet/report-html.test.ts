import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { html } from '../../../scripts/html/html.ts';
import { fleetHtml } from '../../../scripts/fleet/report-html.ts';
import { emptyFleetReport, fleetReportOf } from '../../helpers/fleet-reports.ts';
import { hostileTexts, tagsOf, unbalanced } from '../../helpers/html-checks.ts';

const pageOf = (text: string): string => fleetHtml(fleetReportOf(text));

describe('the page of a fleet', () => {
  test.each(hostileTexts)('shows %j as text', (text) => {
    expect(tagsOf(pageOf(text))).toEqual(tagsOf(pageOf('text')));
  });

  test('has the same tags whatever the text', () => {
    const usual = tagsOf(pageOf('text')).length;
    fc.assert(fc.property(fc.string({ unit: 'binary', minLength: 1 }).filter((text) => text !== '0.2.0' && text !== 'pump'), (text) => tagsOf(pageOf(text)).length === usual));
  });

  test('shows no character that turns text around or controls anything', () => {
    expect(pageOf(hostileTexts.join('')).replaceAll('\n', '')).not.toMatch(/\p{C}/u);
  });

  test('loads and runs nothing: its policy names its style, and nothing else is in it', () => {
    const page = pageOf('text');
    const style = /<style>([^]*)<\/style>/.exec(page)?.[1] ?? '';
    expect(page).toContain(html`content="${`default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'`}"`.text);
    expect(tagsOf(page).filter((tag) => /^<(?:script|link|iframe|object|form|base|img)|\s(?:on\w+|style|href|srcset|src)=|url\(/i.test(tag))).toEqual([]);
    expect(style).not.toMatch(/url\(|@import/);
  });

  test('closes what it opens', () => {
    expect(unbalanced(pageOf('text'))).toEqual([]);
    expect(unbalanced(fleetHtml(emptyFleetReport()))).toEqual([]);
  });

  test('tells what was found', () => {
    const page = pageOf('lobby');
    for (const shown of ['<h1>Fleet lobby</h1>', '<b>6</b>registered', '<b>2</b>connected', '<b>1</b>silent', 'for more than 2 periods and 30 s', '4</b>crashes', 'Agent versions', 'Models', 'Predict, p99', '81.5 °C', '1 d', 'Unreadable reports', 'on 1 device', 'With a clock that is ahead: 1.', 'Connected to IoT Core by MQTT: 1.', '2027-01-15T08:00:00Z']) expect(page).toContain(shown);
  });

  test('says of no devices that there are none', () => {
    const page = fleetHtml(emptyFleetReport());
    expect(page).toContain('<b>0</b>registered');
    expect(page).toContain('for more than 2 min');
    for (const title of ['Models', 'Agent versions', 'Connected devices', 'Unreadable reports']) expect(page).not.toContain(`<h2>${title}`);
    expect(page).not.toMatch(/ahead|IoT Core|NaN/);
  });

  test('is bounded by rows, not by models', () => {
    const report = fleetReportOf('lobby');
    const [model] = report.models;
    if (model === undefined) throw new Error('there is no model');
    const many = fleetHtml({ ...report, models: Array.from({ length: 1_000 }, (_, index) => ({ ...model, version: `1.0.${index}` })), otherModels: { ...model, devices: 77 } });
    expect(many).toContain('The 100 on most devices of 1,000.');
    expect(many).toContain('<td class="number">77</td>');
    expect(many).not.toContain('1.0.100<');
  });
});
