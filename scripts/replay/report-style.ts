/** How the HTML report looks: calm, in the reader's colour scheme, and fit for paper. */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --page: light-dark(#f7f7f5, #17181a); --card: light-dark(#fff, #1f2124); --line: light-dark(#e3e3df, #34373b);
  --text: light-dark(#222426, #e4e5e6); --quiet: light-dark(#6a6e73, #9a9fa6);
  --before: light-dark(#8a94a3, #7d8896); --after: light-dark(#2f7d6b, #55b39c); --warn: light-dark(#a8541c, #e0995f);
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 2.5rem 1.5rem 4rem; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.5rem; font-weight: 650; overflow-wrap: anywhere; }
h2 { margin: 2.75rem 0 0.75rem; font-size: 1.1rem; font-weight: 650; }
p { margin: 0.25rem 0; }
.quiet { color: var(--quiet); }
.id, code { font-family: ui-monospace, monospace; font-size: 0.85em; overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: 0.75rem; margin-top: 1.5rem; }
.tile, .card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
.tile { padding: 0.9rem 1.1rem; }
.tile b { display: block; font-size: 1.6rem; font-weight: 600; line-height: 1.25; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { color: var(--quiet); font-weight: 500; text-align: left; }
th, td { padding: 0.45rem 0.9rem; vertical-align: top; }
.scroll tr + tr > * { border-top: 1px solid var(--line); }
td { overflow-wrap: anywhere; }
.number { text-align: right; white-space: nowrap; }
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
.warn { color: var(--warn); }
@media (max-width: 34rem) { .card { flex-direction: column; } }
@media print { body { max-width: none; padding: 0; } }
`;
