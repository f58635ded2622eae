/** What every page has: calm, in the reader's colour scheme, and fit for paper. */
export const pageStyle = `
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
.warn { color: var(--warn); }
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
@media print { body { max-width: none; padding: 0; } }
`;
