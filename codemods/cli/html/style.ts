/** The report's looks: system fonts, light and dark by the reader's own setting, nothing from elsewhere. */
export const STYLE = `
:root { color-scheme: light dark; --bg: #fbfbfa; --panel: #ffffff; --text: #1d2125; --soft: #59636e; --line: #d9dde1; --code: #f3f4f2; --link: #0b57c2;
  --one: #0b6bcb; --one-bg: #e8f1fb; --two: #8a4b08; --two-bg: #fbf0e0; --bad: #b3261e; --bad-bg: #fdeceb; --warn: #8a5a00; --warn-bg: #fdf3dc; --good: #1a6b37; --good-bg: #e7f5eb; --shade: 0 1px 2px #0000000f; }
@media (prefers-color-scheme: dark) { :root { --bg: #14171a; --panel: #1b1f23; --text: #e4e7ea; --soft: #9aa4ae; --line: #343b42; --code: #22272c; --link: #7ab8ff;
  --one: #7ab8ff; --one-bg: #16293d; --two: #f0b26a; --two-bg: #35270f; --bad: #ff9a91; --bad-bg: #3d1b19; --warn: #f2c66d; --warn-bg: #382b0c; --good: #7fd59b; --good-bg: #153322; --shade: none; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 5.5rem; }
body { margin: 0; background: var(--bg); color: var(--text); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; overflow-wrap: break-word; }
.wrap { max-width: 70rem; margin: 0 auto; padding: 0 1.25rem; }
a { color: var(--link); text-underline-offset: 2px; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -100rem; } .skip:focus { left: 1rem; top: 1rem; background: var(--panel); padding: .5rem 1rem; z-index: 9; }
code, pre, .number { font: .87em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
p code, li code, h3 code, figure code { background: var(--code); border-radius: 3px; padding: .1em .3em; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 2rem 0 .25rem; } h2 { font-size: 1.05rem; margin: 2.25rem 0 .75rem; overflow-wrap: anywhere; } h3 { font-size: 1rem; margin: 0; font-weight: 600; display: flex; flex-wrap: wrap; gap: .4rem .6rem; align-items: baseline; } h4 { margin: 0 0 .15rem; font-size: .8rem; color: var(--soft); font-weight: 600; }
.lead, .soft { color: var(--soft); } .lead { margin: 0 0 1.25rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .75rem; padding: 0; margin: 0 0 1.25rem; list-style: none; }
.tiles li { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: .6rem .9rem; box-shadow: var(--shade); } .tiles b { display: block; font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums; } .tiles .high b { color: var(--bad); } .tiles .medium b { color: var(--warn); }
.overview { align-items: start; display: grid; grid-template-columns: repeat(auto-fit, minmax(19rem, 1fr)); gap: 1rem 2rem; margin-bottom: 1.5rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; } caption { text-align: left; font-weight: 600; padding-bottom: .25rem; } td, th { text-align: left; font-weight: 400; padding: .2rem .5rem .2rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; } td.count { text-align: right; font-variant-numeric: tabular-nums; width: 3.5rem; padding-right: 0; } td.bar { width: 30%; } svg.bar { display: block; width: 100%; height: .6rem; } svg.bar rect { fill: var(--one); opacity: .7; }
.tools { position: sticky; top: 0; z-index: 5; background: var(--bg); border-block: 1px solid var(--line); }
.tools form { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: end; padding-block: .6rem; } .tools label { display: grid; font-size: .75rem; color: var(--soft); min-width: 0; } .tools .search { flex: 1 1 11rem; }
input, select, button { font: inherit; font-size: .875rem; color: inherit; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .3rem .5rem; max-width: 15rem; min-width: 0; } .search input { max-width: none; width: 100%; } button { cursor: pointer; }
.shown { font-size: .875rem; padding: .3rem 0; margin: 0; font-variant-numeric: tabular-nums; } .needs-script { display: none; } .script .needs-script { display: block; }
kbd { font: .8em ui-monospace, monospace; border: 1px solid var(--line); border-bottom-width: 2px; border-radius: 4px; padding: 0 .3em; }
.finding { background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.15rem; margin: 0 0 1rem; box-shadow: var(--shade); } .finding:target, .finding:focus { border-color: var(--link); outline: none; box-shadow: 0 0 0 1px var(--link); }
.place { font-weight: 600; } .rule { font-weight: 600; } .table { font-weight: 400; }
.badge { font-size: .75rem; font-weight: 600; border-radius: 99px; padding: .05rem .55rem; } .badge.high { color: var(--bad); background: var(--bad-bg); } .badge.medium { color: var(--warn); background: var(--warn-bg); } .badge.open, .badge.plain { color: var(--soft); background: var(--code); }
.message { margin: .5rem 0 .9rem; }
.timeline { margin: 0 0 1rem; } figcaption { font-size: .8rem; font-weight: 600; color: var(--soft); margin-bottom: .4rem; }
.heads, .lanes { display: grid; grid-template-columns: 1fr 1fr; column-gap: 1.5rem; } .heads span { font-size: .8rem; font-weight: 700; text-align: center; color: var(--one); } .heads span + span { color: var(--two); } .heads:not(:has(span + span)), .lanes.alone { grid-template-columns: minmax(0, 34rem); }
.lanes { list-style: none; counter-reset: step; margin: .15rem 0 0; padding: 0 0 .5rem; row-gap: .5rem; position: relative; background: linear-gradient(var(--one), var(--one)) 25% 0 / 2px 100% no-repeat, linear-gradient(var(--two), var(--two)) 75% 0 / 2px 100% no-repeat; } .lanes.alone { background: none; }
.step { counter-increment: step; position: relative; border: 1px solid; border-radius: 8px; padding: .4rem .7rem .45rem 2.3rem; font-size: .9rem; min-width: 0; } .step::before { content: counter(step); position: absolute; left: .55rem; top: .5rem; width: 1.25rem; height: 1.25rem; border-radius: 50%; display: grid; place-items: center; font-size: .75rem; font-weight: 700; color: var(--panel); background: currentColor; background: var(--lane); }
.step code { background: none; padding: 0; color: var(--text); } .what { display: block; color: var(--text); } .at { font-size: .8rem; } .who { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; white-space: nowrap; }
.lanes.zip { grid-auto-rows: minmax(2.1rem, auto); row-gap: .35rem; } .zip .step { grid-row: span 2; } .zip .step:nth-child(1) { grid-row: 1 / span 2; } .zip .step:nth-child(2) { grid-row: 2 / span 2; } .zip .step:nth-child(3) { grid-row: 3 / span 2; } .zip .step:nth-child(4) { grid-row: 4 / span 2; }
.lanes:not(.zip) .step:nth-child(1) { grid-row: 1; } .lanes:not(.zip) .step:nth-child(2) { grid-row: 2; } .lanes:not(.zip) .step:nth-child(3) { grid-row: 3; } .lanes:not(.zip) .step:nth-child(4) { grid-row: 4; }
.call1 { grid-column: 1; --lane: var(--one); border-color: var(--one); background: var(--one-bg); } .call2 { grid-column: 2; --lane: var(--two); border-color: var(--two); background: var(--two-bg); } .harm { --lane: var(--bad); border-color: var(--bad); background: var(--bad-bg); box-shadow: inset 3px 0 var(--bad); } .harm .what { font-weight: 600; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: .5rem 2rem; margin-bottom: .75rem; } .facts p { margin: 0; font-size: .9rem; }
details { border-top: 1px solid var(--line); padding: .5rem 0; } summary { cursor: pointer; font-weight: 600; font-size: .9rem; } details > p, details ul { font-size: .9rem; margin: .4rem 0; } .file { font-size: .8rem; color: var(--soft); margin: .5rem 0 .2rem; overflow-wrap: anywhere; }
pre { margin: 0 0 .5rem; background: var(--code); border: 1px solid var(--line); border-radius: 6px; padding: .5rem .75rem; overflow-x: auto; tab-size: 4; }
.line { position: relative; display: inline-block; min-width: 100%; } .number { display: inline-block; min-width: 3ch; margin-right: 1.25ch; text-align: right; color: var(--soft); user-select: none; } .line.read { background: var(--one-bg); } .line.write, .line.both { background: var(--bad-bg); } .line:target { outline: 2px solid var(--link); } .mark { margin-left: 2ch; font: 600 .75rem system-ui, sans-serif; color: var(--soft); user-select: none; } .gap { color: var(--soft); }
.add { color: var(--good); background: var(--good-bg); } .del { color: var(--bad); background: var(--bad-bg); } .hunk { color: var(--one); } .diff .file { font: inherit; color: var(--soft); }
.requires { list-style: none; padding: 0; } .state { display: inline-block; font-size: .75rem; font-weight: 600; border-radius: 99px; padding: 0 .5rem; color: var(--good); background: var(--good-bg); } .unknown .state { color: var(--warn); background: var(--warn-bg); } .id { font-weight: 400; color: var(--soft); }
.related { font-size: .875rem; margin: .25rem 0 0; } .errors li { overflow-wrap: anywhere; } [hidden] { display: none !important; }
footer { color: var(--soft); font-size: .85rem; border-top: 1px solid var(--line); margin-top: 2rem; padding: 1rem 0 3rem; }
@media (max-width: 40rem) { .wrap { padding: 0 .75rem; } .heads, .lanes { column-gap: .6rem; } .step { padding-left: .6rem; padding-top: 1.7rem; } .tools { position: static; } html { scroll-padding-top: .5rem; } }
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
@media print { .tools, .skip { display: none !important; } .finding { break-inside: avoid; box-shadow: none; } }
`;
