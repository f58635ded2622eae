import { pageStyle } from '../html/page-style.ts';

/** How the HTML report looks: its cards beside what every page has. */
export const reportStyle = `${pageStyle}
.cards { display: grid; margin-top: 0.75rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 31rem), 1fr)); gap: 0.75rem; }
.card { display: flex; gap: 1rem; padding: 1rem; break-inside: avoid; }
.picture { flex: 0 0 9rem; width: 9rem; }
.picture img { display: block; width: 100%; height: 9rem; object-fit: contain; background: var(--page); border-radius: 4px; }
.picture .none { display: grid; height: 9rem; place-items: center; background: var(--page); border-radius: 4px; }
.picture p { margin-top: 0.3rem; font-size: 0.75rem; text-align: center; }
.about { flex: 1; min-width: 0; }
.class { margin-top: 0.6rem; }
.class strong { font-weight: 600; overflow-wrap: anywhere; }
.tag { color: var(--quiet); font-size: 0.75rem; }
.score { display: grid; grid-template-columns: 4.2rem 1fr 4.6rem; gap: 0.5rem; align-items: center; font-size: 0.8rem; font-variant-numeric: tabular-nums; }
.score svg { display: block; width: 100%; height: 6px; border-radius: 3px; background: var(--line); }
.score .before { fill: var(--before); }
.score .after { fill: var(--after); }
@media (max-width: 34rem) { .card { flex-direction: column; } }
`;
