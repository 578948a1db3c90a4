import type { Endpoint } from '../../src/base/address.js'
import type { DatagramPort } from '../../src/gossip/ports.js'
import { Opener, Sealer } from '../../src/gossip/seal.js'
import { openUdp, type UdpOptions } from '../../src/gossip/udp.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { nodeId } from './profiles.js'

const test = suite('gossip/udp')
const bind: Endpoint = { address: '127.0.0.1', port: 0 }
const keyOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

/** Events of a socket in order, each waited for. */
class Inbox<T> {
  readonly #items: T[] = []
  #waiting: ((item: T) => void) | undefined

  put(item: T): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting === undefined) this.#items.push(item)
    else waiting(item)
  }

  next(): Promise<T> {
    const item = this.#items.shift()
    return item === undefined ? new Promise((resolve) => (this.#waiting = resolve)) : Promise.resolve(item)
  }
}

async function open(scope: Scope, index: number, options: Partial<UdpOptions> & { key?: number } = {}) {
  const inbox = new Inbox<string>()
  const key = keyOf(options.key ?? 1)
  const opened = await openUdp({
    bind,
    sealer: new Sealer(key, { node: nodeId(index), boot: 1 }),
    opener: new Opener([key]),
    onDatagram: (from, content) => inbox.put(`${from.port}: ${content.join(' ')}`),
    onRefused: (_from, why) => inbox.put(`refused: ${why}`),
    onProblem: (errno) => inbox.put(`problem: ${errno}`),
    ...options,
  })
  if (opened.type === 'failed') throw opened.error
  scope.defer(() => opened.port.close())
  return { port: opened.port, inbox }
}

test('a datagram arrives opened, with its source', async (scope) => {
  const a = await open(scope, 0)
  const b = await open(scope, 1)
  a.port.send(b.port.local, Uint8Array.of(1, 2, 3))
  assert.is(await b.inbox.next(), `${a.port.local.port}: 1 2 3`)
})

test('a stranger is refused by its key', async (scope) => {
  const a = await open(scope, 0, { key: 2 })
  const b = await open(scope, 1)
  a.port.send(b.port.local, Uint8Array.of(1))
  assert.is(await b.inbox.next(), 'refused: key')
})

test('a port in use is a value with a hint', async (scope) => {
  const { port } = await open(scope, 0)
  const key = keyOf(1)
  const second = await openUdp({
    bind: port.local,
    sealer: new Sealer(key, { node: nodeId(1), boot: 1 }),
    opener: new Opener([key]),
    onDatagram: () => {},
  })
  assert.is(second.type, 'failed')
  if (second.type !== 'failed') return
  assert.is(second.error.code, 'ERR_GOSSIP_BIND')
  assert.match(second.error.message, 'EADDRINUSE')
  assert.match(second.error.hint ?? '', 'gossip port')
})

test('an address that cannot be sent to is told, not thrown', async (scope) => {
  const { port, inbox } = await open(scope, 0)
  const impossible: Endpoint[] = [
    { address: '127.0.0.1', port: 0 },
    { address: '2001:db8::1', port: 9 },
  ]
  for (const to of impossible) {
    port.send(to, Uint8Array.of(1))
    assert.match(await inbox.next(), /^problem: /)
  }
})

test('after close nothing is sent and nothing fails', async (scope) => {
  const { port }: { port: DatagramPort } = await open(scope, 0)
  await port.close()
  await port.close()
  port.send(port.local, Uint8Array.of(1))
})

test.run()
