"""How a report looks, and what its page may do: nothing, but show itself. Pure."""

import base64
import hashlib

STYLE = """
:root {
  color-scheme: light;
  --bg: #fff; --raised: #f2f5f7; --line: #d3dbe2; --text: #1a232b; --muted: #55626e; --accent: #1b659c;
  --flagged: #a3271a; --prob: #0f6583; --raw: #75828e; --level: #7a5200; --band: rgb(182 46 31 / 13%); --mark: #b62e1f;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    color-scheme: dark;
    --bg: #0f1317; --raised: #1a2027; --line: #2f3944; --text: #dfe5ea; --muted: #9aa7b3; --accent: #7fb8e6;
    --flagged: #ff9d91; --prob: #7cc8e2; --raw: #71869a; --level: #e3b25a;
    --band: rgb(255 130 115 / 18%); --mark: #ff8273;
  }
}
*, *::before, *::after { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 66rem; background: var(--bg); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
h1 { margin: 0 0 .3rem; font-size: 1.6rem; line-height: 1.25; }
h2 { margin: 3rem 0 .5rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: 1.25rem; line-height: 1.3; }
h3 { margin: 1.5rem 0 .4rem; font-size: 1rem; }
p { margin: .4rem 0; }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.muted { color: var(--muted); }
.flagged { color: var(--flagged); font-weight: 600; }
.scroll { overflow-x: auto; overflow-wrap: normal; }
table { border-collapse: collapse; }
th, td { padding: .35rem .6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { color: var(--muted); font-weight: 600; white-space: nowrap; }
.number { text-align: right; white-space: nowrap; }
.wide { min-width: 12rem; overflow-wrap: anywhere; }
code { font: .88em ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .6rem 0; }
dt { color: var(--muted); }
dd { margin: 0; min-width: 0; }
figure { margin: 1rem 0; }
figcaption { margin-top: .3rem; color: var(--muted); font-size: .9rem; }
.key { display: inline-block; width: 1.6rem; height: .8rem; margin: 0 .3rem 0 .9rem; vertical-align: -.05rem; }
.key:first-child { margin-left: 0; }
svg.chart { display: block; width: 100%; min-width: 40rem; height: auto; }
svg text { fill: var(--muted); font-size: 12px; }
svg .level { fill: var(--level); paint-order: stroke; stroke: var(--bg); stroke-width: 3px; }
polyline, .grid, .threshold, .release { fill: none; }
.grid { stroke: var(--line); }
.raw { stroke: var(--raw); stroke-width: 1; stroke-linejoin: round; stroke-linecap: round; }
.prob { stroke: var(--prob); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.threshold { stroke: var(--level); stroke-width: 1.4; stroke-dasharray: 7 4; }
.release { stroke: var(--level); stroke-width: 1.2; stroke-dasharray: 2 3; }
.band { fill: var(--band); }
.mark { fill: var(--mark); }
img { display: block; border-radius: 3px; image-rendering: pixelated; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .4rem; } }
@media print {
  body { padding: 0; max-width: none; font-size: 10pt; }
  nav a { color: inherit; text-decoration: none; }
  figure, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .scroll { overflow: visible; }
  svg.chart { min-width: 0; }
}
"""

_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; img-src data:; base-uri 'none'; form-action 'none'"
)
"""In the page itself, since it is opened from disks too. No script of any kind, no request to anywhere."""
