import { suite } from '../harness/suite.js'
import { depose, WAYS } from './deposed.js'
import { ADDRESS } from './survival.js'

const test = suite('cluster/deposed', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'tcpdump', 'ss'], root: true }

for (const way of WAYS) {
  const add = way === WAYS[0] ? test : test.long
  add(
    `a director is ${way}: it lets its address go, and no client hears FIN or RST of it`,
    (scope) => depose(scope, ADDRESS, way),
    NEEDS,
  )
}

test.run()
