import { expect } from 'vitest';
import { httpRequest } from './http-get.ts';

export type Page = { types: Map<string, string>; value: (sample: string) => number | undefined; text: string };

/** A page by the rules of text format 0.0.4: every sample after HELP and TYPE of its family, no family and no sample twice. */
export function parsedMetrics(text: string): Page {
  const types = new Map<string, string>();
  const samples = new Map<string, number>();
  let family = '';
  for (const line of text.slice(0, -1).split('\n')) {
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\w+) (.+)$/.exec(line) ?? [];
    if (keyword === 'HELP') family = types.has(name) ? 'given twice' : name;
    else if (keyword === 'TYPE' && name === family) types.set(name, rest);
    else {
      const [, sample = '', metric = '', value] = /^((\w+)(?:\{(?:\w+="(?:[^"\\\n]|\\["\\n])*",?)+\})?) (\S+)$/.exec(line) ?? [];
      const suffixes = types.get(family) === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
      if (!suffixes.some((suffix) => metric === family + suffix) || samples.has(sample)) throw new Error(`not in the format: ${line}`);
      samples.set(sample, Number(value));
    }
  }
  return { types, value: (sample) => samples.get(sample), text };
}

/** What a metrics socket tells now. */
export async function scrape(socketPath: string): Promise<Page> {
  const { status, type, text } = await httpRequest({ socketPath, path: '/metrics' });
  expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  return parsedMetrics(text);
}
