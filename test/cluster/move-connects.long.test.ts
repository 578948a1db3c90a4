/** A service is moved while clients connect without pause: nobody is refused, reset, or waits for a timer of its own. */
import { fileURLToPath } from 'node:url'
import { assert, suite } from '../harness/suite.js'
import { ADDRESS, ADDRESS6, PORT, SurvivalSite } from './survival.js'

const test = suite('cluster/move-connects', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true }
const CONNECTORS_MAIN = fileURLToPath(new URL('connectors-main.ts', import.meta.url))
/** A node that has given a service away is asked again when it has settled. */
const BETWEEN_MOVES_MS = 1_000

interface ConnectorsReport {
  readonly outcomes: Readonly<Record<string, number>>
  /** That took as long as if a SYN was lost. */
  readonly slow: number
  readonly medianMs: number
  readonly mostMs: number
}

/** To and fro, so that each host gives and takes. */
const MOVES = 4
const CONNECTORS = 16

for (const address of [ADDRESS, ADDRESS6]) {
  test(
    `clients that connect without pause: none is refused or reset while the service is moved ${MOVES} times (${address})`,
    async (scope) => {
      const site = await SurvivalSite.build(scope, address, '--local', 'equal')
      const words = [process.execPath, '--import', 'tsx', CONNECTORS_MAIN, address, String(PORT), String(CONNECTORS)]
      const visitors = site.lan.named('client').start('connectors', words)
      for (let move = 0; move < MOVES; move++) {
        await new Promise((resolve) => setTimeout(resolve, BETWEEN_MOVES_MS))
        const { node } = await site.director()
        await site.cluster.baton(node, 'move', 'echo')
        await site.cluster.serving('echo')
      }
      visitors.kill('SIGUSR2')
      await visitors.ended
      const report = JSON.parse(visitors.tail().trim().split('\n').at(-1) ?? '') as ConnectorsReport
      console.log(`${address}: ${JSON.stringify(report)}`)
      assert.equal(Object.keys(report.outcomes), ['served'])
      assert.ok((report.outcomes['served'] ?? 0) > 100 * MOVES)
      // If SYNs were lost, each client would have met that at each move; a host that is busy may stand still for a second.
      assert.ok(report.slow < (MOVES * CONNECTORS * 3) / 4, `${report.slow} took a second or more`)
    },
    NEEDS,
  )
}

test.run()
