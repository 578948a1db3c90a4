import { assert, suite } from '../harness/suite.js'
import { type Death, hearDeath } from './silence.js'

const test = suite('cluster/silence, long', 120_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true }
const GIB = 2 ** 30

const DEATHS: Readonly<Record<string, Death>> = {
  'SIGABRT, which would dump core': { signal: 'SIGABRT' },
  'SIGSEGV, as of a fault in native code': { signal: 'SIGSEGV' },
  'SIGKILL with 2 GB resident': { signal: 'SIGKILL', ballastBytes: 2 * GIB },
  'SIGABRT with 2 GB resident': { signal: 'SIGABRT', ballastBytes: 2 * GIB },
  'the kernel, for want of memory': { signal: 'SIGUSR2', isGreedy: true },
  'SIGKILL with 15,000 descriptors': { signal: 'SIGKILL', descriptors: 15_000 },
}

for (const [name, death] of Object.entries(DEATHS)) {
  test(
    `nobody hears of ${name}`,
    async (scope) => {
      for (let round = 0; round < 5; round++) assert.equal(await hearDeath(scope, death), [], `round ${round}`)
    },
    NEEDS,
  )
}

test.run()
