/** Whoever can send with the addresses of clients, and does not see what they send, takes no connection from them over a takeover. */

import { fileURLToPath } from 'node:url'
import type { Child } from '../../src/lab/child.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { ADDRESS, framesOf, losses, PORT, printedBy, SurvivalSite } from './survival.js'

const test = suite('cluster/forged', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'tcpdump'], root: true }
const CLIENTS = 40
/** Until all verdicts are there, and longer. */
const FORGE_MS = 6_000
const FORGER = fileURLToPath(new URL('./forger-main.ts', import.meta.url))

/** Of each client, from what was seen on its cable: `PORT:SEQ:ACK`, and `:talks` of those that said more than one thing. */
function numbersOf(capture: Child): string[] {
  const clients = new Map<string, { seq: string; ack: string; words: number }>()
  for (const frame of framesOf(capture)) {
    const [, port = '', seq, ack] = /\.(\d+) > \S+: Flags \[[.P]+\], (?:seq \d+:(\d+), )?ack (\d+)/.exec(frame) ?? []
    if (ack === undefined) continue
    const known = clients.get(port) ?? { seq: '', ack, words: 0 }
    clients.set(port, { seq: seq ?? known.seq, ack, words: known.words + (seq === undefined ? 0 : 1) })
  }
  return [...clients].map(([port, { seq, ack, words }]) => `${port}:${seq}:${ack}${words > 1 ? ':talks' : ''}`)
}

test(
  'SIGKILL of the director while a stranger sends SYNs, RSTs, ACKs and bytes in the names of its clients: they live on',
  async (scope) => {
    const site = await SurvivalSite.among(['stranger'], scope, ADDRESS, '--local', 'last')
    const count = (...verdicts: string[]) => verdicts.reduce((sum, one) => sum + site.total('verdicts', one), 0)
    const stranger = site.lan.named('stranger')
    const { node } = await site.director()
    const heard = await site.capture('-S', 'tcp and dst host', ADDRESS)
    const fault = async () => {
      const numbers = numbersOf(heard)
      assert.equal([numbers.length, numbers.filter((one) => one.endsWith('talks')).length], [CLIENTS, CLIENTS / 2])
      const words = [ADDRESS, PORT, site.lan.named('client').address, FORGE_MS].map(String)
      const forger = stranger.start('forger', [process.execPath, '--import', 'tsx', FORGER, ...words, ...numbers])
      await until(
        () => (printedBy(forger).includes('ready') ? true : undefined),
        10_000,
        () => forger.tail(),
      )
      await site.cluster.kill(node)
      // Not before: to such segments a kernel answers with what it has, also while its process dies, and that is lost then.
      forger.kill('SIGUSR2')
    }
    // Those who are silent stay so until each verdict is there.
    const decided = () => (count('proven', 'filled', 'reset', 'gone') === CLIENTS ? true : undefined)
    const report = await site.fare(ADDRESS, CLIENTS, fault, () =>
      until(decided, 5_000, () => `all are judged: ${count('proven', 'filled', 'reset', 'gone')} are`),
    )
    const { ECONNRESET = 0, ...wrong } = losses(report)
    assert.equal(wrong, {})
    assert.is(report.silent.alive, CLIENTS / 2, 'who says nothing loses nothing')
    const whys = site.events('splice-reset').map(({ why }) => why)
    assert.ok(ECONNRESET <= CLIENTS / 10, `${ECONNRESET} were reset: ${whys.join('; ')}`)
    assert.equal([count('gone'), count('reset')], [0, ECONNRESET], 'nobody is taken for gone')
  },
  NEEDS,
)

test.run()
