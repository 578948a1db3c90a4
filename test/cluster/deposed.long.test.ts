import { suite } from '../harness/suite.js'
import { depose, WAYS } from './deposed.js'
import { ADDRESS6 } from './survival.js'

const test = suite('cluster/deposed, long', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'tcpdump', 'ss'], root: true }

for (const way of WAYS) {
  test(
    `a director is ${way}: it lets its address go, and no client hears FIN or RST of it (IPv6)`,
    (scope) => depose(scope, ADDRESS6, way),
    NEEDS,
  )
}

test.run()
