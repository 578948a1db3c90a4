import { suite } from '../harness/suite.js'
import { bulkBothWays } from './bulk.js'

const test = suite('cluster/bulk', 60_000)

test('128 MiB each way through one splice with slow readers: equal by hash, the director stays below 300 MB', (scope) =>
  bulkBothWays(scope, 2 ** 27))

test.run()
