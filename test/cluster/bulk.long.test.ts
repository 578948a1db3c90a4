import { suite } from '../harness/suite.js'
import { bulkBothWays } from './bulk.js'

const test = suite('cluster/bulk', 300_000)

test('1 GiB each way through one splice with slow readers: equal by hash, the director stays below 300 MB', (scope) =>
  bulkBothWays(scope, 2 ** 30))

test.run()
