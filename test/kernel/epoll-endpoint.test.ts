import { loadEpoll } from '../../src/kernel/epoll-endpoint.io.js'
import { assert, suite } from '../harness/suite.js'
import { testCrowds } from './crowd-compliance.js'
import { testSockets } from './endpoint-compliance.js'
import { drivenSockets } from './poller-driver.js'

const test = suite('kernel/epoll-endpoint', 5_000)
const loaded = loadEpoll()

if ('why' in loaded) test('says why it is not here', () => assert.ok(loaded.why.length > 0))
else {
  testSockets(test, drivenSockets)
  testCrowds(test, drivenSockets, { turnBytesMax: 2 ** 18 })
}

test.run()
