import { pageStyle } from '../html/page-style.ts';

/** How the fleet's page looks: its charts beside what every page has. */
export const fleetStyle = `${pageStyle}
:root { --good: light-dark(#2f7d6b, #55b39c); --better: light-dark(#1d5c8a, #6aaede); --gone: light-dark(#b5b9bf, #555a61); --off: light-dark(#d8cfae, #7a7352); }
.bar { display: block; width: 100%; border-radius: 3px; background: var(--line); }
.scroll .bar { min-width: 7rem; margin-top: 0.4rem; }
.whole { margin-top: 1.25rem; }
.legend { margin-top: 0.5rem; color: var(--quiet); font-size: 0.8rem; }
.legend span { margin-right: 1rem; white-space: nowrap; }
.connected, .column { fill: var(--good); }
.active { fill: var(--better); }
.silent, .offline { fill: var(--gone); }
.stopped { fill: var(--off); }
.missing { fill: var(--warn); }
.none { fill: none; }
.scroll td:first-child { min-width: 9rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); gap: 0.75rem; }
.plots .card { padding: 0.9rem 1.1rem; break-inside: avoid; }
.plots h3 { margin: 0; font-size: 0.95rem; font-weight: 600; }
.plot { display: block; width: 100%; margin-top: 0.6rem; }
.plot text { fill: var(--quiet); font-size: 9px; }
.plot line { stroke: var(--line); }
.lists { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); gap: 0 0.75rem; align-items: start; }
.lists > div { break-inside: avoid; min-width: 0; }
@media print { .bar, .plot, .legend svg { print-color-adjust: exact; } }
`;
