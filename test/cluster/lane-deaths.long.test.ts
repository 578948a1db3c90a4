import { suite } from '../harness/suite.js'
import { LANE_DEATHS } from './deaths.js'
import { loseServer, surviveLanes } from './lane-deaths.js'

const test = suite('cluster/lane-deaths', 40_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true }
const EXCEPTION = 'an exception out of its loop'

test(
  'a lane of the director dies: its connections go on at the one that takes its place',
  (scope) => surviveLanes(scope, { [EXCEPTION]: LANE_DEATHS[EXCEPTION] ?? '' }),
  NEEDS,
)

test(
  'a lane of a host that serves dies: its programs and their clients are told, all others go on, and it serves again',
  (scope) => loseServer(scope, `throw new Error('a bug')`),
  NEEDS,
)

test.run()
