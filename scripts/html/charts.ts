import { html, type Html } from './html.ts';

/** @property kind class that colours it */
export type Part = { readonly title: string; readonly value: number; readonly kind: string };

/** Parts of a whole side by side in one bar. They are told in its title; nothing is drawn of a whole of nothing. */
export function stackedBar(parts: readonly Part[], height = 10): Html {
  const whole = parts.reduce((sum, { value }) => sum + value, 0);
  if (whole === 0) return html``;
  const label = parts.map(({ title, value }) => `${title} ${value}`).join(', ');
  let start = 0;
  const rects = parts.flatMap(({ title, value, kind }) => {
    const [x, width] = [percent(start / whole), percent(value / whole)];
    start += value;
    return value === 0 ? [] : [html`<rect class="${kind}" x="${x}" width="${width}" height="${height}"><title>${title} ${value}</title></rect>`];
  });
  return html`<svg class="bar" role="img" aria-label="${label}" height="${height}">${rects}</svg>`;
}

/** The names of the parts with their colours. */
export function legend(parts: readonly Pick<Part, 'title' | 'kind'>[]): Html {
  return html`<p class="legend">${parts.map(({ title, kind }) => html`<span><svg width="10" height="10" aria-hidden="true"><rect class="${kind}" width="10" height="10" rx="2"/></svg> ${title}</span>`)}</p>`;
}

/** @property edges as texts, one less than there are counts */
export type Histogram = { readonly title: string; readonly edges: readonly string[]; readonly counts: readonly number[] };

const plot = { width: 300, height: 96, top: 8, bottom: 16 };

/** Upright bars, one for each count, with the edges below them. */
export function histogram({ title, edges, counts }: Histogram): Html {
  const most = Math.max(1, ...counts);
  const step = plot.width / counts.length;
  const full = plot.height - plot.top - plot.bottom;
  const bars = counts.map((count, place) => {
    // What is there stays visible beside what is much more.
    const height = count === 0 ? 0 : Math.max(1.5, (full * count) / most);
    return html`<rect class="column" x="${short(place * step + 1)}" y="${short(plot.height - plot.bottom - height)}" width="${short(step - 2)}" height="${short(height)}"><title>${rangeOf(edges, place)}: ${count}</title></rect>`;
  });
  const every = Math.ceil(edges.length / 5);
  const labels = edges.map((edge, place) => (place % every === 0 ? html`<text x="${short((place + 1) * step)}" y="${plot.height - 4}" text-anchor="middle">${edge}</text>` : html``));
  const label = counts.map((count, place) => `${rangeOf(edges, place)}: ${count}`).join(', ');
  return html`<svg class="plot" role="img" aria-label="${title}: ${label}" viewBox="0 0 ${plot.width} ${plot.height}">${bars}<line x1="0" x2="${plot.width}" y1="${plot.height - plot.bottom}" y2="${plot.height - plot.bottom}"/>${labels}</svg>`;
}

function rangeOf(edges: readonly string[], place: number): string {
  const [from, to] = [edges[place - 1], edges[place]];
  if (from === undefined) return `below ${to}`;
  return to === undefined ? `${from} or more` : `${from} to ${to}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(3)}%`;
}

function short(value: number): string {
  return Number(value.toFixed(2)).toString();
}
