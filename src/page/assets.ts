/** The page's style and its script. Neither asks for anything elsewhere. */

export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f6f5f1; --card: #ffffff; --edge: #e4e2da; --ink: #23272b; --dim: #6d7176;
  --accent: #1f6f6b; --soft: #dcebe9; --good: #3f8a55; --warn: #b7791f; --bad: #b4372f; --idle: #a9abad;
  --soft-warn: #f8eed7; --soft-bad: #f8e2df;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171a; --card: #1c2024; --edge: #2b3136; --ink: #e4e6e7; --dim: #969ca2;
    --accent: #6cc4bc; --soft: #1f3735; --good: #6dbb84; --warn: #dfae58; --bad: #ea7f76; --idle: #5d646a;
    --soft-warn: #3a2f18; --soft-bad: #3f2220;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.45 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif; font-variant-numeric: tabular-nums; }
main { max-width: 1060px; margin: 0 auto; padding: 24px 20px 40px; }
h1, h2, h3, p, ul, ol, figure { margin: 0; padding: 0; }
h1 { font-size: 22px; letter-spacing: -.01em; }
h2 { font-size: 13px; font-weight: 600; color: var(--dim); margin-bottom: 12px; }
h2.over { margin: 24px 0 10px; }
h3 { font-size: 15px; }
ul, ol { list-style: none; }
code { font: 13px ui-monospace, "SF Mono", Menlo, monospace; background: var(--soft); padding: 1px 5px; border-radius: 4px; }
header { display: flex; align-items: center; justify-content: space-between; gap: 16px; margin-bottom: 20px; flex-wrap: wrap; }
header > div { display: flex; align-items: baseline; gap: 10px; }
.where, .dim, .below, time, footer, .more, .empty { color: var(--dim); }
.verdict { display: flex; align-items: center; gap: 9px; padding: 7px 14px; border-radius: 999px; background: var(--card); border: 1px solid var(--edge); font-weight: 500; }
.verdict.warn { background: var(--soft-warn); border-color: transparent; }
.verdict.bad { background: var(--soft-bad); border-color: transparent; }
.dot { display: inline-block; flex: none; width: 9px; height: 9px; border-radius: 50%; background: var(--idle); }
.good > .dot, .good th .dot { background: var(--good); }
.warn > .dot, .warn th .dot { background: var(--warn); }
.bad > .dot, .bad th .dot { background: var(--bad); }
.change > .dot { background: var(--accent); }
.warnings { background: var(--soft-warn); border-radius: 12px; padding: 12px 16px 12px 34px; margin-bottom: 16px; list-style: disc; overflow-wrap: anywhere; }
.card { background: var(--card); border: 1px solid var(--edge); border-radius: 14px; padding: 16px 18px; min-width: 0; }
section + section, .two { margin-top: 16px; }
.tiles, .cards { display: grid; gap: 16px; grid-template-columns: repeat(4, minmax(0, 1fr)); }
.cards { grid-template-columns: repeat(auto-fill, minmax(250px, 1fr)); }
.two { display: grid; gap: 16px; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); align-items: start; }
.two > section + section { margin-top: 0; }
.tile h3 { font-size: 13px; font-weight: 500; color: var(--dim); }
.value { font-size: 27px; letter-spacing: -.02em; line-height: 1.3; }
.tile .below { font-size: 13px; min-height: 38px; overflow-wrap: anywhere; }
svg { display: block; }
.spark { width: 100%; height: 32px; margin-top: 6px; }
.meter { width: 100%; height: 6px; margin-top: 18px; border-radius: 3px; }
.meter .whole { fill: var(--edge); } .meter .part { fill: var(--accent); }
.line { fill: none; stroke: var(--accent); stroke-width: 1.6; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
.under { fill: var(--accent); opacity: .12; stroke: none; }
.line.up { stroke: var(--warn); } .under.up { fill: var(--warn); }
.hour { width: 100%; height: auto; overflow: visible; }
.grid { stroke: var(--edge); stroke-width: 1; vector-effect: non-scaling-stroke; }
.axis { font-size: 11px; fill: var(--dim); }
.mark line { stroke: var(--warn); stroke-width: 1.4; stroke-dasharray: 3 3; } .mark circle { fill: var(--warn); }
.band { margin-top: 14px; } .band figcaption { font-size: 12px; color: var(--dim); margin-bottom: 2px; } .band svg { width: 100%; height: 38px; }
.topology { width: 100%; height: auto; } .topology.narrow { display: none; }
.box rect { fill: var(--ground); stroke: var(--edge); }
.box.self rect { stroke: var(--dim); } .box.warn rect { fill: var(--soft-warn); stroke: var(--warn); } .box.bad rect { fill: var(--soft-bad); stroke: var(--bad); }
.box .title { font-weight: 600; font-size: 14px; fill: var(--ink); } .box .below { font-size: 12px; fill: var(--dim); }
path.directs { fill: none; stroke: var(--accent); stroke-width: 2.6; } circle.directs { fill: var(--accent); }
path.serves { fill: none; stroke: var(--idle); stroke-width: 1.1; opacity: .75; } path.serves.not { stroke-dasharray: 3 4; opacity: .5; }
path.directs.fresh { stroke: var(--warn); stroke-width: 4; } circle.directs.fresh { fill: var(--warn); }
.legend { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 8px; font-size: 12px; color: var(--dim); margin-top: 10px; } .legend svg { width: 28px; height: 8px; }
.legend svg + svg, .legend svg:not(:first-child) { margin-left: 10px; }
.service p { margin-top: 3px; overflow-wrap: anywhere; }
strong.fresh { background: var(--soft-warn); border-radius: 4px; padding: 0 4px; margin: 0 -4px; } strong.bad { color: var(--bad); }
.backends li.trouble { padding: 0 0 2px 17px; font-size: 13px; } .trouble { color: var(--bad); font-size: 13px; }
.backends { margin-top: 10px; } .backends li { display: flex; align-items: center; gap: 8px; padding: 2px 0; font-size: 14px; }
.backends .dim { margin-left: -8px; } .count { margin-left: auto; color: var(--dim); }
.events li { display: flex; gap: 10px; align-items: baseline; padding: 6px 8px; margin: 0 -8px; border-radius: 8px; font-size: 14px; overflow-wrap: anywhere; }
.events .dot { position: relative; top: -1px; } .events time { margin-left: auto; white-space: nowrap; font-size: 12px; }
.events li.fresh { background: var(--soft); } .events li.fresh.change, .events li.fresh.warn { background: var(--soft-warn); } .events li.fresh.bad { background: var(--soft-bad); }
table { width: 100%; border-collapse: collapse; margin-top: 8px; font-size: 14px; }
th { text-align: left; font-weight: 600; white-space: nowrap; } th .dot { margin-right: 9px; }
th, td { padding: 6px 10px 6px 0; border-top: 1px solid var(--edge); vertical-align: top; } td:last-child { padding-right: 0; text-align: right; }
footer { font-size: 12px; margin-top: 24px; }
body.stale main { opacity: .55; } body.stale::before { content: "This node does not answer; what is shown is old."; position: sticky; top: 0; display: block; background: var(--soft-bad); color: var(--ink); text-align: center; padding: 8px; z-index: 1; }
@media (max-width: 760px) {
  main { padding: 16px 14px 32px; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 12px; }
  .two { grid-template-columns: minmax(0, 1fr); }
  .topology.wide { display: none; } .topology.narrow { display: block; }
  .card { padding: 14px; } .value { font-size: 23px; }
  .axis { font-size: 20px; } .hour { margin-bottom: 6px; }
  td:last-child { display: none; }
}
@media (prefers-reduced-motion: no-preference) { body.stale main { transition: opacity .3s; } }
`.trimStart()

/** The server sends the part that changes; the page puts it in its place. Without a stream it asks again. */
export const SCRIPT = `
'use strict'
const main = document.getElementById('main')
const late = 12000
let heard = Date.now()
function show (html) {
  heard = Date.now()
  document.body.classList.remove('stale')
  if (!document.hidden) main.innerHTML = html
}
async function ask () {
  try {
    const answer = await fetch('part', { cache: 'no-store' })
    if (answer.ok) show(await answer.text())
  } catch {}
}
let stream
function listen () {
  stream = new EventSource('live')
  stream.onmessage = (event) => show(JSON.parse(event.data))
}
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return stream.close()
  ask()
  listen()
})
listen()
setInterval(() => {
  if (document.hidden) return
  if (Date.now() - heard > late / 3) ask()
  if (Date.now() - heard > late) document.body.classList.add('stale')
}, 2000)
`.trimStart()
