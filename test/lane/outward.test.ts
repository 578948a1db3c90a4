/** Programs of one node ask for connections, and the director of the service makes them: three lanes on a fake network. */
import type { Endpoint } from '../../src/base/address.js'
import { Prng } from '../../src/base/prng.js'
import { LeaseSlots } from '../../src/proxy/lease-slots.js'
import type { Socket, SocketHandler } from '../../src/proxy/ports.js'
import type { Service } from '../../src/proxy/service.js'
import { assert, suite } from '../harness/suite.js'
import { Host, SERVICE, Wire } from './fake-cluster.js'
import { FakeNet } from './fake-net.js'

const test = suite('lane/outward')

const FAR: Endpoint = { address: '198.51.100.7', port: 443 }
/** Of b. */
const DOOR: Endpoint = { address: '127.0.0.2', port: 1_080 }
const OUT: Service = { ...SERVICE, outward: DOOR.port, outwardTo: '198.51.100.0/24' }
const HELLO = [5, 1, 0]
const wishFor = ({ port }: Endpoint, last = 7) => [5, 1, 0, 1, 198, 51, 100, last, port >> 8, port & 255]

/** An end of a connection, and all that came of it. */
class Listening implements SocketHandler {
  said = ''
  isEnded = false
  closed: string | undefined

  constructor(readonly end: Socket) {
    end.attach(this)
    end.resume()
  }

  say(text: string): void {
    this.end.write(Uint8Array.from(text, (one) => one.charCodeAt(0)))
  }

  onOpen(): void {}
  onData(chunk: Uint8Array): void {
    this.said += String.fromCharCode(...chunk)
  }
  onEnd(): void {
    this.isEnded = true
  }
  onDrain(): void {}
  onClose(cause: string): void {
    this.closed = cause
  }
}

class World {
  now = 1
  readonly net = new FakeNet(new Prng(3))
  readonly leases = LeaseSlots.bytes()
  readonly hosts: readonly Host[]
  readonly wires: readonly Wire[]
  /** At the far server, in the order in which they came; and from where. */
  readonly far: Listening[] = []
  #sweptAt = 0

  constructor(service: Service = OUT) {
    new LeaseSlots(this.leases).set(0, 1e9)
    this.hosts = ['a', 'b', 'c'].map((name, i) => new Host(name, i + 1, this, this.leases))
    const [a, b, c] = this.hosts as [Host, Host, Host]
    this.wires = [new Wire(a, b, this.net), new Wire(c, b, this.net)]
    this.serveFar()
    for (const host of this.hosts) {
      host.tell({ type: 'listen-data', port: 7000 })
      host.tell({ type: 'services', services: [service] })
    }
    this.run()
  }

  host(name: string): Host {
    return this.hosts.find((host) => host.name === name) as Host
  }

  serveFar(): void {
    const onAccept = (end: Socket) => void this.far.push(new Listening(end))
    this.net.listen(FAR, { onListening: () => {}, onAccept, onProblem: () => {} }, () => {})
  }

  /** `name` directs from now on, and b knows it. */
  direct(
    name: string,
    number: number,
    more: { readonly given?: boolean; readonly members?: readonly string[] } = {},
  ): void {
    const { node } = this.host(name)
    for (const host of this.hosts)
      if (host.name !== name) host.tell({ type: 'undirect', service: 'web', slot: 0, why: 'lease-lost' })
    this.host(name).tell({ type: 'direct', service: 'web', term: { number, holder: node }, slot: 0, ...more })
    this.host('b').tell({ type: 'directors', directors: [{ service: 'web', node, name }] })
  }

  call(...greeting: number[]): Listening {
    const program = new Listening(this.net.connect({ address: '127.0.0.1', port: 50_000 }, DOOR))
    program.end.write(Uint8Array.from(greeting.length > 0 ? greeting : [...HELLO, ...wishFor(FAR)]))
    return program
  }

  run(ms = 500): void {
    for (const until = this.now + ms; this.now < until; this.now += 1) {
      this.net.round(() => this.#endTurn())
      this.#endTurn()
      if (this.now - this.#sweptAt < 100) continue
      this.#sweptAt = this.now
      for (const host of this.hosts) host.sweep()
      for (const wire of this.wires) wire.keep(this.now, () => 0)
      for (const { heard } of this.hosts)
        heard.splice(0, heard.length, ...heard.filter(({ type }) => type !== 'link-down'))
    }
  }

  #endTurn(): void {
    for (const host of this.hosts) host.endTurn()
  }
}

const replyCode = ({ said }: Listening) => said.charCodeAt(3)

test('the director connects under the address, and both ends are joined', () => {
  const world = new World()
  world.direct('a', 1)
  const program = world.call()
  world.run()
  const [far] = world.far as [Listening]
  assert.is(far.end.remote.address, SERVICE.address)
  assert.is(program.said.slice(2, 4), '\x05\x00')
  assert.is(program.said.slice(6, 10), String.fromCharCode(10, 0, 0, 100), 'the near end, as the answer names it')
  program.say('hello')
  far.say('welcome')
  world.run()
  assert.is(far.said, 'hello')
  assert.is(program.said.slice(12), 'welcome')
  const [splice] = world.host('b').report().splices
  assert.is(splice?.direction, 'out')
  assert.equal(splice?.client, FAR)
  assert.equal(world.host('a').report().perService[0]?.outward?.connections, 1)
  program.end.end()
  world.run()
  assert.ok(far.isEnded)
  far.end.end()
  world.run(1_000)
  assert.equal([program.closed, far.closed], ['ended', 'ended'])
  assert.is(world.host('a').report().total + world.host('b').report().total, 0)
  assert.is(world.host('a').report().perService[0]?.outward?.connections, 0)
})

test('on the director’s own node it goes without a link', () => {
  const world = new World()
  world.direct('b', 1)
  const program = world.call()
  world.run()
  world.far[0]?.say('welcome')
  program.say('hello')
  world.run()
  assert.is(program.said.slice(12), 'welcome')
  assert.is(world.far[0]?.said, 'hello')
})

test('what is said with the wish comes through, once', () => {
  const world = new World()
  world.direct('a', 1)
  const head = `CONNECT ${FAR.address}:${FAR.port} HTTP/1.1\r\n\r\nearly bird`
  const program = world.call(...[...head].map((one) => one.charCodeAt(0)))
  world.run()
  program.say(', and more')
  world.run()
  assert.match(program.said, /^HTTP\/1.1 200 /)
  assert.is(world.far[0]?.said, 'early bird, and more')
})

test('refusals have their codes: by rule, by the far host', () => {
  const world = new World()
  world.direct('a', 1)
  const refused = world.call(...HELLO, ...wishFor({ ...FAR, port: 444 }))
  const forbidden = world.call(...HELLO, 5, 1, 0, 1, 192, 0, 2, 1, 1, 187)
  const loopback = world.call(...HELLO, 5, 1, 0, 1, 127, 0, 0, 1, 1, 187)
  world.run()
  assert.equal([refused, forbidden, loopback].map(replyCode), [5, 2, 2])
  assert.is(world.far.length, 0)
  for (const one of [refused, forbidden, loopback]) one.end.end()
  world.run(1_000)
  assert.equal([refused.closed, forbidden.closed, loopback.closed], ['ended', 'ended', 'ended'])
})

test('the director has the last word on the rules', () => {
  const world = new World()
  world.host('a').tell({ type: 'services', services: [{ ...OUT, outwardTo: '' }] })
  world.host('b').tell({ type: 'services', services: [OUT] })
  world.direct('a', 1)
  const program = world.call()
  world.run()
  assert.is(replyCode(program), 2)
  assert.is(world.far.length, 0)
})

test('who asks while nobody directs waits for the next director; not for ever', () => {
  const world = new World()
  const program = world.call()
  world.run(5_000)
  assert.is(program.said.length, 2, 'nothing but the method')
  world.direct('a', 1)
  world.run()
  assert.is(replyCode(program), 0)
  const other = new World()
  const lost = other.call()
  other.run(16_000)
  assert.is(replyCode(lost), 1)
})

test('a wish that was told to a director which is none any more goes to the next, and so do links that broke', () => {
  const world = new World()
  world.direct('a', 1)
  world.host('a').tell({ type: 'undirect', service: 'web', slot: 0, why: 'lease-lost' })
  const program = world.call()
  world.run()
  assert.is(program.said.length, 2)
  for (const wire of world.wires) wire.break()
  world.run(20)
  world.direct('c', 2)
  world.run(1_500)
  assert.is(replyCode(program), 0)
  assert.is(world.far.length, 1)
})

test('a director that does not know yet what the one before had connects to nowhere: those ports are in use', () => {
  const world = new World()
  // With c there is no link: its ledger is waited for, and not for ever.
  const members = world.hosts.map(({ node }) => node)
  world.direct('a', 1, { given: true, members })
  const program = world.call()
  world.run(4_000)
  assert.is(world.far.length, 0)
  assert.is(program.said.length, 2)
  world.run(3_000)
  assert.is(replyCode(program), 0)
})

test('what becomes of backends does not matter to it: it is no connection of theirs', () => {
  const world = new World({ ...OUT, onRemoved: 'all', closeOverMs: 0 })
  world.direct('a', 1)
  const program = world.call()
  world.run(3_000)
  world.host('b').tell({ type: 'close-backends', share: 0 })
  world.run()
  assert.equal([program.closed, world.far[0]?.closed], [undefined, undefined])
})

test('a name is resolved by the node; each of its addresses is tried', () => {
  const world = new World()
  world.direct('a', 1)
  const b = world.host('b')
  const program = world.call(...HELLO, 5, 1, 0, 3, 3, 102, 97, 114, 1, 187)
  world.run(50)
  const asked = b.heard.find((message) => message.type === 'resolve')
  assert.ok(asked?.type === 'resolve')
  if (asked?.type !== 'resolve') return
  assert.is(asked.host, 'far')
  b.tell({ type: 'resolved', call: asked.call, addresses: ['2001:db8::7', '198.51.100.1', FAR.address] })
  world.run()
  assert.is(replyCode(program), 0)
  assert.is(world.far.length, 1)
})

test('who goes away before the connection stands leaves nothing behind', () => {
  const world = new World()
  const program = world.call()
  world.run(50)
  program.end.reset()
  world.run(50)
  world.direct('a', 1)
  world.run(1_000)
  assert.is(world.far.length, 0)
  const late = world.call()
  while (world.far.length === 0) world.run(1)
  late.end.reset()
  world.run(1_000)
  assert.is(world.far[0]?.closed, 'reset')
  assert.is(world.host('a').report().total + world.host('b').report().total, 0)
})

test('the next process goes on with who waits, however far each has come', () => {
  const world = new World()
  const b = world.host('b')
  const slow = world.call(...HELLO, 5, 1)
  const named = world.call(...HELLO, 5, 1, 0, 3, 3, 102, 97, 114, 1, 187)
  const waiting = world.call()
  world.run(50)
  b.replace()
  const asked = b.heard.find((message) => message.type === 'resolve')
  assert.ok(asked?.type === 'resolve' && asked.host === 'far', 'the name is asked for again')
  if (asked?.type === 'resolve') b.tell({ type: 'resolved', call: asked.call, addresses: [FAR.address] })
  slow.end.write(Uint8Array.from(wishFor(FAR).slice(2)))
  world.run(50)
  assert.equal(
    [slow, named, waiting].map(({ said }) => said.length),
    [2, 2, 2],
    'nobody directs',
  )
  world.direct('a', 1)
  world.run()
  assert.equal([slow, named, waiting].map(replyCode), [0, 0, 0])
  assert.is(world.far.length, 3)
  const late = world.call()
  // Until the wish is on its way, and no longer.
  while (world.host('a').report().perService[0]?.outward?.dialling === 0) world.run(1)
  b.replace()
  late.say('and more')
  world.run(1_000)
  assert.is(replyCode(late), 0)
  assert.is(world.far.at(-1)?.said, 'and more')
  // The one that was made for the process before, of which nobody knows.
  world.run(OUT.connectMs + 1_000)
  assert.is(world.host('a').report().perService[0]?.outward?.connections, 4)
})

test('a wish does not wait longer for having been carried to another process', () => {
  const world = new World()
  const program = world.call()
  const named = world.call(...HELLO, 5, 1, 0, 3, 3, 102, 97, 114, 1, 187)
  world.run(10_000)
  world.host('b').replace()
  world.run(4_000)
  assert.equal(
    [program, named].map(({ said }) => said.length),
    [2, 2],
  )
  world.run(2_000)
  assert.equal([program, named].map(replyCode), [1, 4])
})

test.run()
