import { assert, suite } from '../harness/suite.js'
import { hearDeath } from './silence.js'

const test = suite('cluster/silence', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true }

test(
  'no client hears of the death of its director: neither FIN nor RST',
  async (scope) => assert.equal(await hearDeath(scope, { signal: 'SIGKILL' }), []),
  NEEDS,
)

test(
  'where the address is no device of the process, they all hear it: the test can tell',
  async (scope) => assert.ok((await hearDeath(scope, { signal: 'SIGKILL', isPlain: true })).length >= 50),
  NEEDS,
)

test.run()
