/** Two directors that die one after the other, at each step of the second one's takeover. */
import { suite } from '../harness/suite.js'
import { killInSuccession } from './second-death.js'

const test = suite('cluster/takeovers, long', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true }

for (const [event, when] of [
  ['lease-acquired', 'when it asks for ledgers'],
  ['ledger-told', 'when it has rebuilt some'],
  ['recovered', 'when it has rebuilt all'],
  ['address-here', 'when it has the address'],
  ['verdicts', 'when all is decided'],
] as const) {
  test(`a director is killed, and the next one ${when}`, (scope) => killInSuccession(scope, event), NEEDS)
}

test.run()
