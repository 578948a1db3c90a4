/** The daemon relocated and killed again and again, with idle clients that are asked for an answer after each: which of them live on. */
import { assert, suite } from '../harness/suite.js'
import { type Askers, askersOf, CALM_MS } from './askers.js'
import { DaemonSite } from './daemon-site.js'

const test = suite('cluster/single-parking, long', 600_000)
const TIMES = Number(process.env['TIMES'] ?? 50)
const CLIENTS = Number(process.env['CLIENTS'] ?? 100)
const CHECKS = ['--check-interval', '200ms', '--check-fall', '2', '--check-timeout', '2s', '--failure-threshold', '0']
const NEEDS = { needs: ['setsid'] }

async function after(what: string, askers: Askers, fault: (i: number) => Promise<unknown>): Promise<void> {
  const times: number[] = []
  for (let i = 0; i < TIMES; i++) {
    await new Promise((resolve) => setTimeout(resolve, CALM_MS))
    const from = Date.now()
    await fault(i)
    // What is asked while nobody is there waits in the director's kernel.
    await askers.ask(60_000)
    times.push(Date.now() - from)
    assert.equal(askers.ends, [], `${what} for the ${i + 1}. time`)
  }
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.floor(share * (times.length - 1))]
  process.stdout.write(
    `${what} ${TIMES} times: all of ${CLIENTS} clients answered, median ${at(0.5)} ms, p90 ${at(0.9)} ms, longest ${at(1)} ms\n`,
  )
}

test(
  `relocated ${TIMES} times, then killed ${TIMES} times, under ${CLIENTS} idle clients`,
  async (scope) => {
    const site = await DaemonSite.build(scope, ...CHECKS, '--park', '60s')
    const { cluster } = site.fixture
    let at = await site.active()
    const askers = await askersOf(scope, site, CLIENTS)
    await after('relocated', askers, async (i) => {
      const by = cluster.live()[i % 3]
      if (by !== undefined) await cluster.baton(by, 'relocate', 'daemon')
      at = await site.active(at)
    })
    await after('killed', askers, async () => {
      at = await site.active()
      const pid = site.pidOn(at)
      process.kill(pid, 'SIGKILL')
      await site.another(pid)
    })
    site.assertNeverTwo()
  },
  NEEDS,
)

test.run()
