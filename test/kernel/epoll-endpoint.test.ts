import { connect } from 'node:net'
import type { Endpoint } from '../../src/base/address.js'
import { loadEpoll } from '../../src/kernel/epoll-endpoint.io.js'
import type { ListenHandler } from '../../src/proxy/ports.js'
import { assert, suite } from '../harness/suite.js'
import { testCrowds } from './crowd-compliance.js'
import { testSockets } from './endpoint-compliance.js'
import { drivenSockets } from './poller-driver.js'
import { eventually } from './recorder.js'

const test = suite('kernel/epoll-endpoint', 5_000)
const loaded = loadEpoll()

if (!('why' in loaded)) {
  testSockets(test, drivenSockets)
  testCrowds(test, drivenSockets, { turnBytesMax: 2 ** 18 })

  test('several sockets of one address have each a share of the connections; nobody else has the address', async (scope) => {
    const sockets = drivenSockets(scope)
    const accepted = [0, 0, 0]
    const problems: string[] = []
    const handler = (which: number, onListening: (at: Endpoint) => void = () => {}): ListenHandler => ({
      onListening,
      onAccept: (socket) => {
        accepted[which] = (accepted[which] ?? 0) + 1
        socket.reset()
      },
      onProblem: (code) => problems.push(code),
    })
    const options = { backlog: 128, keepaliveMs: 1_000, sockets: 3 }
    let at: Endpoint = { address: '127.0.0.1', port: 0 }
    const first = sockets.listen(
      at,
      options,
      handler(0, (actual) => {
        at = actual
      }),
    )
    scope.defer(() => first.close())
    await eventually(() => at.port !== 0)
    for (const which of [1, 2]) {
      const fd = first.spare?.() ?? -1
      assert.ok(fd >= 0)
      const listener = sockets.adoptListener?.(fd, at, handler(which))
      scope.defer(() => listener?.close())
    }
    assert.ok((first.spare?.() ?? -1) < 0, 'there are no more')
    sockets.listen(at, options, handler(0))
    await eventually(() => problems.length > 0)
    assert.equal(problems, ['EADDRINUSE'])
    for (let i = 0; i < 90; i++) connect(at.port, at.address).on('error', () => {})
    await eventually(() => accepted.reduce((sum, one) => sum + one, 0) === 90)
    // Fewer than ten of ninety come once in a hundred million times.
    assert.ok(Math.min(...accepted) >= 10, `${accepted}`)
  })
}

test('elsewhere it says why it is not there', (scope) => {
  const { arch } = process
  scope.defer(() => void Object.defineProperty(process, 'arch', { value: arch }))
  Object.defineProperty(process, 'arch', { value: 'mips' })
  const answer = loadEpoll()
  assert.match('why' in answer ? answer.why : '', /mips/)
})

test.run()
