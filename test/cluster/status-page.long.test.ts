/** The status page in a browser, over a takeover: what it shows, weighs and costs its node. SHOTS=DIR keeps the pictures, COUNT=10000 has so many connections. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { HostTalkers } from '../../src/lab/host-talkers.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { Browser, type Look, type Tab } from '../page/browser.js'
import { ADDRESS, PORT, SurvivalSite } from './survival.js'

const test = suite('cluster/status-page', 200_000)
const COUNT = Number(process.env['COUNT'] ?? 2_000)
const PAGE = 7_480
const BYTES_MAX = 100_000
const WATCHED_MS = 12_000
/** Nearly silent: their talk would cost more than the page. */
const TALK_EVERY_MS = 20_000

const LOOKS: Readonly<Record<string, Look>> = {
  light: { width: 1100, height: 900, scheme: 'light' },
  dark: { width: 1100, height: 900, scheme: 'dark' },
  phone: { width: 390, height: 844, scheme: 'light', isPhone: true },
}

test(
  'a takeover is seen as it happens, in a page below 100 KB that costs its node little',
  async (scope) => {
    const { site } = await SurvivalSite.buildMortal(
      scope,
      ADDRESS,
      ['--local', 'last'],
      ['--profile', 'lan', '--page', `0.0.0.0:${PAGE}`],
    )
    const { cluster, lan } = site
    const client = lan.named('client')
    const first = await site.director()
    const [heir] = cluster.nodes.filter(({ name }) => name !== first.node.name)
    if (heir === undefined) throw new Error('no other node')
    const talkers = new HostTalkers(client, { address: ADDRESS, port: PORT }, COUNT, TALK_EVERY_MS)
    await talkers.stand()
    const pid = heir.child?.pid ?? 0
    const alone = await cpuShareOf(pid)
    const url = `http://${heir.address}:${PAGE}/`
    const browser = Browser.start(scope, client.namespace.enter)
    const tabs = await Promise.all(
      Object.entries(LOOKS).map(async ([name, look]) => ({ name, look, tab: await browser.open(url, look) })),
    )
    const [watched] = tabs
    if (watched === undefined) throw new Error('no tab')
    const words = (tab: Tab) => tab.evaluate<string>('document.body.innerText')
    assert.match(await words(watched.tab), `${first.node.name} directs`)

    const isElsewhere = new RegExp(`^(?!${first.node.name} )\\S+ directs echo, term`, 'm')
    const seen = await cpuShareOf(pid)
    await cluster.kill(first.node)
    for (const { name, tab, look } of tabs) {
      await tab.say('Page.bringToFront')
      let text = ''
      const told = await until(
        async () => {
          text = await words(tab)
          return isElsewhere.test(text) ? text : undefined
        },
        15_000,
        () => `the takeover is seen (${name}):\n${text}`,
      )
      assert.match(told, 'has ended')
      if (process.env['SHOTS'] !== undefined)
        writeFileSync(path.join(process.env['SHOTS'], `takeover-${name}.png`), await tab.screenshot())
      const [wide, room] = await tab.evaluate<[number, number]>('[document.documentElement.scrollWidth, innerWidth]')
      assert.ok(wide <= room && room === look.width, `${name}: ${wide} of ${room}`)
      assert.equal(tab.complaints, [], name)
      for (const asked of tab.requests) assert.ok(asked.startsWith(url), asked)
    }
    const next = await site.director()
    // What became of the connections is known where they are.
    const there = await browser.open(`http://${next.node.address}:${PAGE}/`, {
      width: 1100,
      height: 900,
      scheme: 'light',
    })
    const text = await until(
      async () => {
        const now = await words(there)
        return now.includes('connections rebuilt') ? now : undefined
      },
      10_000,
      'how many lived on is seen',
    )
    assert.match(text, new RegExp(`${next.node.name} directs echo, term`))
    const size = await watched.tab.evaluate<number>(
      `fetch('/').then((answer) => answer.text()).then((text) => new Blob([text]).size)`,
    )
    const percent = (share: number) => `${(share * 100).toFixed(2)} %`
    console.log(
      `${COUNT} connections: page ${size} bytes; its node took ${percent(alone)} of a core when nobody looked, ${percent(seen)} when three did`,
    )
    assert.ok(size < BYTES_MAX, `${size} bytes`)
    await talkers.stop()
  },
  { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'chromium'], root: true },
)

/** Of one core, over some seconds: all threads of the process (proc(5), stat; ticks of 10 ms). */
async function cpuShareOf(pid: number): Promise<number> {
  const ticks = () => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    return Number(fields[11]) + Number(fields[12])
  }
  const from = ticks()
  await new Promise((resolve) => setTimeout(resolve, WATCHED_MS))
  return ((ticks() - from) * 10) / WATCHED_MS
}

test.run()
