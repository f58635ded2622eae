import { placeOf, short } from './figures-text.ts';
import { html, type Html } from '../html/html.ts';
import type { Picture } from './picture.ts';
import type { ClassScores } from './top-one.ts';
import type { PicturedChange } from './top-one-tally.ts';

/** A changed capture: what the model saw, and its captured and present best class side by side. */
export function changeCard({ change, picture }: PicturedChange): Html {
  const { key, line, made, from, to } = change;
  return html`<article class="card">
<div class="picture">${pictureOf(picture)}</div>
<div class="about">
<p class="id" title="${key}${line === null ? '' : `:${line}`}">${placeOf(change)}</p>
<p class="tag">${made === 'image' ? 'run on its image' : 'run on its tensor'}</p>
${classOf('captured', from)}
${to === null ? html`<p class="class warn">Now no score is a number.</p>` : classOf('now', to)}
</div>
</article>
`;
}

function pictureOf(picture: Picture | undefined): Html {
  if (picture === undefined) return html`<div class="none tag">no picture</div>`;
  const { uri, width, height, of } = picture;
  return html`<img src="${uri}" width="${width}" height="${height}" loading="lazy" alt="${of === 'image' ? 'captured image' : 'input tensor'}">${of === 'tensor' ? html`<p class="tag">input tensor</p>` : ''}`;
}

function classOf(when: string, { label, captured, now }: ClassScores): Html {
  return html`<div class="class"><strong>${label}</strong> <span class="tag">${when}</span>${score('captured', 'before', captured)}${score('now', 'after', now)}</div>`;
}

/** With a bar, if it is a share. */
function score(when: string, kind: string, value: number | null): Html {
  const bar = value !== null && value >= 0 && value <= 1 ? html`<svg aria-hidden="true"><rect class="${kind}" width="${(value * 100).toFixed(1)}%" height="6"/></svg>` : html`<span></span>`;
  return html`<div class="score"><span class="quiet">${when}</span>${bar}<span class="number">${value === null ? '–' : short(value)}</span></div>`;
}
