import { loadEpoll } from '../../src/kernel/epoll-endpoint.io.js'
import { assert, suite } from '../harness/suite.js'
import { testCrowds } from './crowd-compliance.js'
import { testSockets } from './endpoint-compliance.js'
import { drivenSockets } from './poller-driver.js'

const test = suite('kernel/epoll-endpoint', 5_000)
const loaded = loadEpoll()

if (!('why' in loaded)) {
  testSockets(test, drivenSockets)
  testCrowds(test, drivenSockets, { turnBytesMax: 2 ** 18 })
}

test('elsewhere it says why it is not there', (scope) => {
  const { arch } = process
  scope.defer(() => void Object.defineProperty(process, 'arch', { value: arch }))
  Object.defineProperty(process, 'arch', { value: 'mips' })
  const answer = loadEpoll()
  assert.match('why' in answer ? answer.why : '', /mips/)
})

test.run()
