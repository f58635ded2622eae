import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Histogram, histogramText, metricText } from '../../../components/agent/metrics-text.ts';

/** The samples of a page, by name and labels. */
function valuesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}

describe('metric text', () => {
  it('has help, type and one line per sample', () => {
    const samples = [
      { labels: {}, value: 2 },
      { labels: { a: 'plain', b: 'with "quotes", \\ and\na break' }, value: 0.5 },
    ];
    expect(metricText('things', 'gauge', 'Things\nin a \\ row.', samples)).toBe(
      ['# HELP things Things\\nin a \\\\ row.', '# TYPE things gauge', 'things 2', 'things{a="plain",b="with \\"quotes\\", \\\\ and\\na break"} 0.5', ''].join('\n'),
    );
  });

  it('is empty without samples', () => {
    expect(metricText('things', 'counter', 'Things.', []) + histogramText('times', 'Times.', [])).toBe('');
  });
});

describe('a histogram', () => {
  it('counts what does not exceed each bound, whatever is observed', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.double({ min: 0, max: 100, noNaN: true }), fc.constantFrom(...Histogram.bounds))), (seconds) => {
        const histogram = new Histogram();
        for (const value of seconds) histogram.observe(value);
        const values = valuesOf(histogramText('t', 'Times.', [{ labels: { m: 'x' }, histogram }]));
        for (const bound of Histogram.bounds) expect(values.get(`t_bucket{m="x",le="${bound}"}`)).toBe(seconds.filter((value) => value <= bound).length);
        expect(values.get('t_bucket{m="x",le="+Inf"}')).toBe(seconds.length);
        expect(values.get('t_count{m="x"}')).toBe(seconds.length);
        expect(values.get('t_sum{m="x"}')).toBeCloseTo(seconds.reduce((sum, value) => sum + value, 0), 6);
      }),
    );
  });
});
