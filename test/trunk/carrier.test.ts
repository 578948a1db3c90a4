/** Control links over connections that were found by other means. */
import { Duplex } from 'node:stream'
import { CHANNEL } from '../../src/trunk/channels.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { OTHER_KEY, TestNode } from './nodes.js'

const test = suite('trunk/carrier', 5_000)
const NOWHERE = { address: '127.0.0.1', port: 1 }

/** One end of a connection within this process, which hands on whole messages. */
class End extends Duplex {
  other: End | undefined
  /** Nobody reads at the other end. */
  isStuck = false

  constructor() {
    super({ readableObjectMode: true, writableObjectMode: true })
  }

  override _read(): void {}

  override _write(bytes: Uint8Array, _encoding: string, done: () => void): void {
    const { other } = this
    if (this.isStuck) return
    setImmediate(() => {
      other?.push(bytes)
      done()
    })
  }

  override _final(done: () => void): void {
    setImmediate(() => this.other?.push(null))
    done()
  }

  override _destroy(_error: Error | null, done: () => void): void {
    setImmediate(() => this.other?.destroy())
    done()
  }
}

/** `a` has dialled. */
function carry(a: TestNode, b: TestNode, boot = 1): [End, End] {
  const [near, far] = [new End(), new End()]
  ;[near.other, far.other] = [far, near]
  b.links.carry({ connection: far, isInitiator: false, node: a.node, boot: 1, remote: NOWHERE })
  a.links.carry({ connection: near, isInitiator: true, node: b.node, boot, remote: NOWHERE })
  return [near, far]
}

const pair = async (scope: Scope): Promise<[TestNode, TestNode]> => [
  await TestNode.up(scope, 0),
  await TestNode.up(scope, 1),
]

test('a carried link is proven like any other, and carries messages both ways', async (scope) => {
  const [a, b] = await pair(scope)
  carry(a, b)
  await Promise.all([a.hears('up 1'), b.hears('up 0')])
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    assert.equal(one.links.state(other.node), { phase: 'up', carried: true })
    assert.ok(one.send(other, CHANNEL.gossip, 7))
  }
  await Promise.all([a.hears('message 1/1: 7'), b.hears('message 0/1: 7')])
})

test('it takes long messages, and ends when its connection does', async (scope) => {
  const [a, b] = await pair(scope)
  const [near] = carry(a, b)
  await Promise.all([a.hears('up 1'), b.hears('up 0')])
  for (let i = 0; i < 8; i++) a.links.send(b.node, CHANNEL.sync, new Uint8Array(500_000))
  await b.until(() => b.count('message 0/2: 500000 bytes') === 8)
  near.destroy()
  await Promise.all([a.hears('down 1'), b.hears('down 0')])
})

test('what nobody reads is bounded, as on TCP', async (scope) => {
  const [a, b] = await pair(scope)
  const [near] = carry(a, b)
  await Promise.all([a.hears('up 1'), b.hears('up 0')])
  near.isStuck = true
  // Each in a turn of its own: it waits in the connection's queue then, and in no other.
  for (let i = 0; i < 100 && a.links.send(b.node, CHANNEL.sync, new Uint8Array(500_000)); i++) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.match(await a.hears('down 1'), 'does not read')
})

test('a stranger is let in by neither end', async (scope) => {
  const a = await TestNode.up(scope, 0)
  const stranger = await TestNode.up(scope, 1, { clusterKeys: [OTHER_KEY] })
  carry(a, stranger)
  carry(stranger, a)
  await a.hears('log control-link-refused')
  await stranger.hears('log control-link-refused')
  assert.equal([a.count('up'), stranger.count('up')], [0, 0])
})

test('one that is not who was meant is left', async (scope) => {
  const [a, b] = await pair(scope)
  const third = await TestNode.up(scope, 2)
  const [near, far] = [new End(), new End()]
  ;[near.other, far.other] = [far, near]
  third.links.carry({ connection: far, isInitiator: false, node: a.node, boot: 1, remote: NOWHERE })
  a.links.carry({ connection: near, isInitiator: true, node: b.node, boot: 1, remote: NOWHERE })
  await new Promise((resolve) => near.once('close', resolve))
  assert.equal([a.count('up'), third.count('up')], [0, 0])
})

test('where there is a link by TCP none is carried, and one that is made takes the place of a carried one', async (scope) => {
  const [a, b] = await pair(scope)
  carry(a, b)
  await Promise.all([a.hears('up 1'), b.hears('up 0')])
  b.wants(a)
  await b.until(() => b.links.state(a.node).carried === undefined && b.count('up 0') === 2)
  await a.until(() => a.links.state(b.node).carried === undefined && a.count('up 1') === 2)
  const [near] = carry(a, b)
  await new Promise((resolve) => near.once('close', resolve))
  const [late] = carry(b, a)
  await new Promise((resolve) => late.once('close', resolve))
  assert.equal([a.count('up 1'), b.count('up 0')], [2, 2])
})

test.run()
