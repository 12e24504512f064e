/** Style sheet of the HTML report, for light and dark screens. */
export const reportStyle = `
:root { --ink: #1c2430; --soft: #5d6878; --line: #d9dee6; --paper: #ffffff; --float: #8b97a8; --int8: #0b7f73; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ecf2; --soft: #a3aebd; --line: #38414e; --paper: #14181e; --float: #76839a; --int8: #3cc2b1; }
}
body { margin: 2rem auto; max-width: 62rem; padding: 0 1rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin-bottom: 0.2rem; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 0.6rem; }
p, .soft { color: var(--soft); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 0.25rem 0.6rem; border-bottom: 1px solid var(--line); text-align: right; }
th:first-child, td:first-child, .words td, .words th { text-align: left; }
tbody th { padding-top: 0.9rem; font-weight: 600; }
.summary { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 1rem; margin: 1.4rem 0; }
.summary div { border: 1px solid var(--line); border-radius: 8px; padding: 0.8rem 1rem; }
.summary strong { display: block; font-size: 1.45rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(26rem, 1fr)); gap: 1.6rem; }
figure { margin: 0; }
figcaption { font-weight: 600; margin-bottom: 0.4rem; }
svg { width: 100%; height: auto; display: block; }
rect.float, .key.float { fill: var(--float); background: var(--float); }
rect.int8, circle.int8, .key.int8 { fill: var(--int8); background: var(--int8); }
.key { display: inline-block; width: 0.8rem; height: 0.8rem; border-radius: 2px; margin: 0 0.3rem 0 0.9rem; }
svg text { font: 11px system-ui, sans-serif; fill: var(--soft); }
svg text.name { text-anchor: end; fill: var(--ink); }
line.axis { stroke: var(--soft); }
line.grid { stroke: var(--line); }
`;
