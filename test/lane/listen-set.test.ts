import type { Endpoint } from '../../src/base/address.js'
import type { EpollSockets } from '../../src/kernel/epoll-endpoint.io.js'
import { ListenSet } from '../../src/lane/listen-set.js'
import type { Listener, ListenHandler, Sockets } from '../../src/proxy/ports.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { openDescriptors } from '../kernel/descriptor-table.js'
import { drivenSockets } from '../kernel/poller-driver.js'
import { dialTo, eventually } from '../kernel/recorder.js'
import { freePort } from '../peers/ports.js'
import { DirectingLane } from './directing-lane.js'
import { A } from './link-under-test.js'

const test = suite('lane/listen-set', 5_000)
const [WEB, TLS] = [80, 443].map((port) => ({ address: '10.0.0.100', port })) as [Endpoint, Endpoint]
const PATIENCE_MS = 500

/** A set over sockets of the test: what it does with them, and what it says, in order. */
function room(patienceMs = PATIENCE_MS) {
  const [said, opening]: [string[], Map<number, ListenHandler>] = [[], new Map()]
  const sockets: Sockets = {
    engine: 'fake',
    dial: () => {
      throw new Error('nobody is dialled')
    },
    listen: ({ port }, _options, handler) => {
      said.push(`listen ${port}`)
      opening.set(port, handler)
      return { close: () => said.push(`close ${port}`) }
    },
    adoptListener: (fd, { port }) => {
      said.push(`adopt ${fd} for ${port}`)
      return { close: () => said.push(`close ${fd}`) }
    },
    closeDescriptor: (fd) => said.push(`let ${fd} go`),
  }
  const set: ListenSet = new ListenSet(
    sockets,
    {
      onOpened: ({ port }, _listener, since) => said.push(`opened ${port} of change ${since}`),
      onComplete: () => said.push('complete'),
      onAccept: () => {},
      onProblem: ({ port }, code, fatal) => {
        said.push(`${code} ${port} ${fatal}`)
        if (fatal) set.close()
      },
    },
    patienceMs,
  )
  return { set, heard: () => said.splice(0), handlerOf: (port: number) => opening.get(port) as ListenHandler }
}

test('an address in use is tried again at each sweep; all listen as soon as it is free', () => {
  const { set, heard, handlerOf } = room()
  set.want([WEB, TLS], 1_000)
  set.open(0)
  handlerOf(80).onListening(WEB)
  handlerOf(443).onProblem('EADDRINUSE', true)
  assert.equal(heard(), ['listen 80', 'listen 443', 'opened 80 of change 1'])
  set.sweep(1_100)
  set.sweep(1_200)
  assert.equal(heard(), ['listen 443'], 'not again before the answer is there')
  handlerOf(443).onProblem('EADDRINUSE', true)
  set.sweep(1_300)
  handlerOf(443).onListening(TLS)
  set.sweep(1_900)
  assert.equal(heard(), ['listen 443', 'opened 443 of change 1', 'complete'])
})

test('an address that stays in use is told when the patience ends, and nothing is tried any more', () => {
  const { set, heard, handlerOf } = room()
  set.want([WEB, TLS], 1_000)
  set.open(0)
  for (const port of [80, 443]) handlerOf(port).onProblem('EADDRINUSE', true)
  set.sweep(1_000 + PATIENCE_MS)
  assert.equal(heard(), ['listen 80', 'listen 443', 'EADDRINUSE 80 true', 'close 80', 'close 443'])
  set.sweep(9_000)
  handlerOf(443).onProblem('EADDRINUSE', true)
  assert.equal(heard(), [])
})

test('where there is no other lane, or another reason, nobody waits', () => {
  for (const [patienceMs, code] of [
    [0, 'EADDRINUSE'],
    [PATIENCE_MS, 'EADDRNOTAVAIL'],
  ] as const) {
    const { set, heard, handlerOf } = room(patienceMs)
    set.want([WEB], 1_000)
    set.open(0)
    handlerOf(80).onProblem(code, true)
    assert.equal(heard(), ['listen 80', `${code} 80 true`, 'close 80'])
  }
})

test('what is adopted late, for an address that was let go, is let go as well, also where it is wanted again', () => {
  const { set, heard } = room()
  set.want([WEB, TLS], 0)
  set.want([TLS], 0)
  set.adopt(7, WEB, 1)
  set.want([WEB, TLS], 0)
  set.adopt(8, WEB, 1)
  assert.equal(heard(), ['let 7 go', 'let 8 go'])
  set.adopt(9, WEB, 3)
  set.adopt(10, TLS, 1)
  assert.equal(heard(), ['adopt 9 for 80', 'adopt 10 for 443'], 'one stayed all the time')
  set.close()
  set.adopt(11, WEB, 3)
  assert.equal(heard(), ['close 10', 'close 9', 'let 11 go'])
})

test('a lane lets a socket go that comes for a service that it does not direct, or not in that term', () => {
  const { lane, adopted, letGo } = new DirectingLane(1)
  const adopt = (service: string, number: number, fd: number) => {
    lane.receive({ type: 'adopt-listener', service, term: { number, holder: A }, at: WEB, since: 1, fd })
  }
  adopt('web', 1, 20)
  adopt('web', 2, 21)
  adopt('mail', 1, 22)
  lane.receive({ type: 'undirect', service: 'web', slot: 0, why: 'lease-lost' })
  adopt('web', 1, 23)
  assert.equal([adopted, letGo], [[20], [21, 22, 23]])
})

if (process.platform === 'linux') {
  /** One lane of two on the real engine, on one address. */
  function laneOf(scope: Scope, at: Endpoint) {
    const sockets = drivenSockets(scope)
    const said: string[] = []
    const shared: { fd: number; since: number }[] = []
    const accepted: { n: number } = { n: 0 }
    const set = new ListenSet(
      sockets,
      {
        onOpened: (_at, listener: Listener, since) => shared.push({ fd: listener.share?.() ?? -1, since }),
        onComplete: () => said.push('complete'),
        onAccept: (socket) => {
          accepted.n++
          socket.reset()
        },
        onProblem: (_at, code) => said.push(code),
      },
      PATIENCE_MS,
    )
    scope.defer(() => set.close())
    return { set, sockets, said, shared, accepted, open: () => set.open(1_000), want: () => set.want([at], 0) }
  }

  /** What was put off has been said. */
  async function turned({ poller }: EpollSockets): Promise<void> {
    await new Promise<void>((resolve) => poller.defer(() => poller.defer(resolve)))
  }

  test('the kernel: directed anew while another lane still listens on the shared socket', async (scope) => {
    const at = { address: '127.0.0.1', port: await freePort('127.0.0.1') }
    const [one, two] = [laneOf(scope, at), laneOf(scope, at)]
    for (const lane of [one, two]) lane.want()
    one.open()
    await eventually(() => one.shared.length === 1)
    two.set.adopt(one.shared[0]?.fd ?? -1, at, 1)
    one.set.want([], 0)
    one.want()
    one.open()
    await eventually(() => one.said.length === 2)
    assert.equal(one.said, ['complete', 'complete'], 'it need not wait for the other lane')
    await turned(two.sockets)
    assert.equal(two.said, [], 'which hears nothing more of the old one')
    const client = dialTo(scope, one.sockets, at)
    await eventually(() => client.closes.length === 1)
    assert.equal([one.accepted.n, two.accepted.n], [1, 0])
    two.set.want([], 0)
    two.want()
    two.set.adopt(one.shared[1]?.fd ?? -1, at, 3)
    one.set.close()
    await turned(one.sockets)
    const refused = dialTo(scope, one.sockets, at)
    await eventually(() => refused.cause === 'refused')
  })

  test('the kernel: a descriptor that is not wanted is closed, and whoever listens on the socket goes on', async (scope) => {
    const at = { address: '127.0.0.1', port: await freePort('127.0.0.1') }
    const [one, two] = [laneOf(scope, at), laneOf(scope, at)]
    one.want()
    one.open()
    await eventually(() => one.shared.length === 1)
    const fd = one.shared[0]?.fd ?? -1
    const before = openDescriptors().length
    two.set.adopt(fd, at, 1)
    assert.is(openDescriptors().length, before - 1)
    const client = dialTo(scope, one.sockets, at)
    await eventually(() => client.closes.length === 1)
    assert.is(one.accepted.n, 1)
  })
}

test.run()
