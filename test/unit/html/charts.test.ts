import { describe, expect, test } from 'vitest';
import { histogram, stackedBar } from '../../../scripts/html/charts.ts';
import { unbalanced } from '../../helpers/html-checks.ts';

const attribute = (page: string, name: string): string[] => [...page.matchAll(new RegExp(`<rect[^>]* ${name}="([^"]*)"`, 'g'))].map(([, value = '']) => value);

describe('a stacked bar', () => {
  test('shares its width as the parts do, and leaves none for nothing', () => {
    const { text } = stackedBar([{ title: 'a', value: 1, kind: 'x' }, { title: 'b', value: 0, kind: 'y' }, { title: 'c', value: 3, kind: 'z' }]);
    expect(attribute(text, 'width')).toEqual(['25.000%', '75.000%']);
    expect(attribute(text, 'x')).toEqual(['0.000%', '25.000%']);
    expect(text).toContain('aria-label="a 1, b 0, c 3"');
    expect(unbalanced(text)).toEqual([]);
  });

  test('is not drawn of nothing', () => {
    expect(stackedBar([{ title: 'a', value: 0, kind: 'x' }]).text).toBe('');
  });
});

describe('a histogram', () => {
  test('has bars as high as their counts, and those of few stay visible', () => {
    const { text } = histogram({ title: 'Time', edges: ['1 s', '2 s', '3 s'], counts: [0, 1, 500, 1_000] });
    expect(attribute(text, 'height')).toEqual(['0', '1.5', '36', '72']);
    expect(text).toContain('aria-label="Time: below 1 s: 0, 1 s to 2 s: 1, 2 s to 3 s: 500, 3 s or more: 1000"');
    expect(unbalanced(text)).toEqual([]);
  });

  test('is flat of nothing', () => {
    expect(attribute(histogram({ title: 'Time', edges: ['1 s'], counts: [0, 0] }).text, 'height')).toEqual(['0', '0']);
  });

  test('names no more edges than there is room for', () => {
    const edges = Array.from({ length: 12 }, (_, index) => `${index}`);
    expect(histogram({ title: 'Time', edges, counts: [...edges.map(Number), 1] }).text.match(/<text/g)).toHaveLength(4);
  });
});
