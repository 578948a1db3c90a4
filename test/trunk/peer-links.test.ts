import { Prng } from '../../src/base/prng.js'
import type { LinkClose } from '../../src/trunk/close-code.js'
import { trunkConfig } from '../../src/trunk/config.js'
import { PeerLinks, type PeerLinksEffect, type PeerLinksEvent } from '../../src/trunk/peer-links.js'
import type { PeerInfo, WantedPeer } from '../../src/trunk/ports.js'
import { assert, suite } from '../harness/suite.js'
import { fakeNodeId } from './fake-proofs.js'

const test = suite('trunk/peer-links')
const config = trunkConfig({ dialFirstMs: 100, dialMaxMs: 5_000, linksMax: 3 })
const remote = { address: '127.0.0.1', port: 9 }

const wanted = (index: number, boot = 1): WantedPeer => ({
  node: fakeNodeId(index),
  boot,
  control: { address: '127.0.0.1', port: 7_000 + index },
})
const info = (index: number, boot = 1): PeerInfo => ({
  node: fakeNodeId(index),
  boot,
  name: `node-${index}`,
  version: 1,
  features: 0,
  remote,
})
const lost = { code: 'lost', by: 'us', detail: 'ECONNREFUSED' } as const

class Subject {
  readonly peers: PeerLinks

  constructor(index: number) {
    this.peers = new PeerLinks(fakeNodeId(index), config, new Prng(1))
  }

  feed(event: PeerLinksEvent, now = 0): string[] {
    this.peers.handle(event, now)
    return this.#drain()
  }

  tick(now: number): string[] {
    this.peers.tick(now)
    return this.#drain()
  }

  #drain(): string[] {
    const seen: string[] = []
    for (let effect = this.peers.poll(); effect !== undefined; effect = this.peers.poll()) seen.push(describe(effect))
    return seen
  }
}

function describe(effect: PeerLinksEffect): string {
  switch (effect.type) {
    case 'dial':
    case 'accept':
    case 'probe':
    case 'up':
      return `${effect.type} ${effect.link}`
    case 'refuse':
    case 'close':
      return `${effect.type} ${effect.link} ${effect.code}`
    case 'down':
    case 'trouble':
      return `${effect.type}: ${effect.why}`
    case 'refused':
    case 'look':
      return effect.type
  }
}

test('a wanted peer is dialled once, and is up when it has greeted', () => {
  const a = new Subject(0)
  assert.equal(a.feed({ type: 'want', peer: wanted(1) }), ['dial 2'])
  assert.equal(a.feed({ type: 'want', peer: wanted(1) }), [])
  assert.is(a.peers.state(fakeNodeId(1)).phase, 'dialing')
  assert.equal(a.feed({ type: 'up', link: 2, peer: info(1) }), ['up 2'])
  assert.is(a.peers.linkTo(fakeNodeId(1)), 2)
})

test('oneself is never dialled', () => assert.equal(new Subject(0).feed({ type: 'want', peer: wanted(0) }), []))

test('failed dials are repeated with growing pauses; the same trouble is told once', () => {
  const a = new Subject(0)
  a.feed({ type: 'want', peer: wanted(1) })
  let now = 0
  const pauses: number[] = []
  for (let link = 2; link < 24; link += 2) {
    const told = a.feed({ type: 'closed', link, close: lost }, now)
    assert.equal(told, link === 2 ? ['trouble: connection failed: ECONNREFUSED'] : [])
    const due = a.peers.nextDeadline() ?? 0
    assert.equal(a.tick(due), [`dial ${link + 2}`])
    pauses.push(due - now)
    now = due
  }
  for (const [i, pause] of pauses.entries()) {
    const ceiling = Math.min(5_000, 100 * 2 ** i)
    assert.ok(pause >= ceiling / 2 && pause <= ceiling, `pause ${i}: ${pause}`)
  }
})

test('a link that breaks at once does not start the pauses anew, one that stood does', () => {
  const a = new Subject(0)
  a.feed({ type: 'want', peer: wanted(1) })
  let now = 0
  const flap = (link: number, lastsMs: number): number => {
    a.feed({ type: 'up', link, peer: info(1) }, now)
    a.feed({ type: 'closed', link, close: lost }, now + lastsMs)
    const due = a.peers.nextDeadline() ?? 0
    const pause = due - (now + lastsMs)
    now = due
    a.tick(now)
    return pause
  }
  assert.is(flap(2, 10), 0, 'the first is looked at right away')
  for (let link = 4; link < 16; link += 2) flap(link, 10)
  assert.ok(flap(16, 10) >= 2_500)
  assert.ok(flap(18, 5_000) <= 100)
})

test('a link that ends by itself is followed by a dial at once; a refusal tells that the process is gone', () => {
  const refused = { ...lost, errno: 'ECONNREFUSED' }
  const a = new Subject(0)
  a.feed({ type: 'want', peer: wanted(1) })
  assert.not(a.feed({ type: 'closed', link: 2, close: refused }).includes('refused'), 'it was never there')
  a.tick(1_000)
  a.feed({ type: 'up', link: 4, peer: info(1) }, 1_000)
  a.feed({ type: 'closed', link: 4, close: { ...lost, errno: 'ECONNRESET' } }, 20_000)
  assert.is(a.peers.nextDeadline(), 20_000)
  assert.equal(a.tick(20_000), ['dial 6'])
  assert.ok(a.feed({ type: 'closed', link: 6, close: refused }, 20_001).includes('refused'))
  a.tick(21_000)
  assert.not(a.feed({ type: 'closed', link: 8, close: refused }, 21_001).includes('refused'), 'once')
})

test('no evidence comes from a dial that fails otherwise, nor after a link that this end closed', () => {
  const end = (close: LinkClose, errno: string): string[] => {
    const a = new Subject(0)
    a.feed({ type: 'want', peer: wanted(1) })
    a.feed({ type: 'up', link: 2, peer: info(1) })
    a.feed({ type: 'closed', link: 2, close })
    a.tick(5_000)
    return a.feed({ type: 'closed', link: 4, close: { ...lost, errno } }, 5_001)
  }
  assert.ok(end(lost, 'ECONNREFUSED').includes('refused'))
  assert.not(end(lost, 'EHOSTUNREACH').includes('refused'))
  assert.not(end({ code: 'silence', by: 'us', detail: '' }, 'ECONNREFUSED').includes('refused'))
})

test('a refusal proves nothing where the port was never reached: whoever is dialled looks for it once', () => {
  const refused = { ...lost, errno: 'ECONNREFUSED' }
  const end = (reached: boolean | undefined): string[] => {
    const a = new Subject(0)
    a.feed({ type: 'incoming', link: 1, peer: info(1) })
    assert.equal(a.feed({ type: 'up', link: 1, peer: info(1) }), ['up 1'], 'where it listens is not known yet')
    assert.equal(a.feed({ type: 'want', peer: wanted(1) }), ['look'])
    if (reached !== undefined) a.feed({ type: 'looked', peer: wanted(1), reached })
    a.feed({ type: 'closed', link: 1, close: { ...lost, errno: 'ECONNRESET' } }, 20_000)
    a.tick(20_000)
    return a.feed({ type: 'closed', link: 2, close: refused }, 20_001)
  }
  assert.ok(end(true).includes('refused'))
  assert.not(end(false).includes('refused'))
  assert.not(end(undefined).includes('refused'))
})

test('a look that fails is repeated with pauses; what it found of an earlier boot or address does not count', () => {
  const a = new Subject(0)
  a.feed({ type: 'want', peer: wanted(1) })
  a.feed({ type: 'incoming', link: 1, peer: info(1) })
  assert.equal(a.feed({ type: 'up', link: 1, peer: info(1) }), ['up 1', 'look'])
  a.feed({ type: 'looked', peer: wanted(1), reached: false })
  assert.equal(a.tick(a.peers.nextDeadline() ?? 0), ['look'])
  a.feed({ type: 'looked', peer: wanted(1), reached: true })
  assert.is(a.peers.nextDeadline(), undefined)
  assert.equal(a.feed({ type: 'want', peer: { ...wanted(1), control: { address: '127.0.0.1', port: 1 } } }), ['look'])
  a.feed({ type: 'looked', peer: wanted(1), reached: true })
  a.feed({ type: 'closed', link: 1, close: lost }, 20_000)
  a.tick(20_000)
  const told = a.feed({ type: 'closed', link: 4, close: { ...lost, errno: 'ECONNREFUSED' } }, 20_001)
  assert.not(told.includes('refused'))
})

test('news of a peer ends the pause', () => {
  const a = new Subject(0)
  a.feed({ type: 'want', peer: wanted(1) })
  a.feed({ type: 'closed', link: 2, close: lost })
  assert.equal(a.feed({ type: 'want', peer: wanted(1, 2) }), ['dial 4'])
  assert.is(a.peers.nextDeadline(), undefined)
})

test('a peer that nobody wants yet is let in, and forgotten when it goes', () => {
  const a = new Subject(0)
  assert.equal(a.feed({ type: 'incoming', link: 1, peer: info(1) }), ['accept 1'])
  assert.equal(a.feed({ type: 'up', link: 1, peer: info(1) }), ['up 1'])
  assert.equal(a.feed({ type: 'want', peer: wanted(1) }), ['look'])
  const b = new Subject(0)
  b.feed({ type: 'incoming', link: 1, peer: info(1) })
  b.feed({ type: 'up', link: 1, peer: info(1) })
  assert.equal(b.feed({ type: 'closed', link: 1, close: lost }), ['down: connection failed: ECONNREFUSED'])
  assert.is(b.peers.nextDeadline(), undefined)
})

test('the lower id refuses a crossing dial once its own has reached the peer, and not before', () => {
  const a = new Subject(0)
  a.feed({ type: 'want', peer: wanted(1) })
  a.feed({ type: 'reached', link: 2 })
  assert.equal(a.feed({ type: 'incoming', link: 1, peer: info(1) }), ['refuse 1 duplicate'])
  const c = new Subject(0)
  c.feed({ type: 'want', peer: wanted(1) })
  assert.equal(c.feed({ type: 'incoming', link: 1, peer: info(1) }), ['close 2 replaced', 'accept 1'])
})

test('the higher id takes what comes and drops its own dial', () => {
  const b = new Subject(1)
  b.feed({ type: 'want', peer: wanted(0) })
  b.feed({ type: 'reached', link: 2 })
  assert.equal(b.feed({ type: 'incoming', link: 1, peer: info(0) }), ['close 2 replaced', 'accept 1'])
})

test('a peer that dials although we hold a link makes us look whether it lives', () => {
  const a = new Subject(0)
  a.feed({ type: 'want', peer: wanted(1) })
  a.feed({ type: 'up', link: 2, peer: info(1) })
  assert.equal(a.feed({ type: 'incoming', link: 1, peer: info(1) }), ['probe 2', 'refuse 1 duplicate'])
})

test('a restarted peer replaces its link, an earlier start of it is refused', () => {
  const a = new Subject(0)
  a.feed({ type: 'want', peer: wanted(1, 3) })
  a.feed({ type: 'up', link: 2, peer: info(1, 3) })
  assert.equal(a.feed({ type: 'incoming', link: 1, peer: info(1, 2) }), ['probe 2', 'refuse 1 old-boot'])
  assert.equal(a.feed({ type: 'incoming', link: 3, peer: info(1, 4) }), [
    'close 2 replaced',
    'down: the peer has dialled anew',
    'accept 3',
  ])
  assert.equal(a.feed({ type: 'want', peer: wanted(1, 3) }), [], 'late news of the former life')
})

test('a new boot told by membership ends the link to the old one', () => {
  const a = new Subject(0)
  a.feed({ type: 'want', peer: wanted(1) })
  a.feed({ type: 'up', link: 2, peer: info(1) })
  const told = a.feed({ type: 'want', peer: wanted(1, 2) })
  assert.equal(told, ['close 2 replaced', 'down: the peer has restarted', 'dial 4'])
})

test('unwant ends the link and the dialling', () => {
  const a = new Subject(0)
  a.feed({ type: 'want', peer: wanted(1) })
  assert.equal(a.feed({ type: 'unwant', node: fakeNodeId(1) }), ['close 2 unwanted'])
  assert.equal(a.feed({ type: 'up', link: 2, peer: info(1) }), ['close 2 duplicate'])
  assert.is(a.peers.nextDeadline(), undefined)
})

test('more peers than the limit are refused', () => {
  const a = new Subject(0)
  for (const index of [1, 2, 3]) a.feed({ type: 'incoming', link: index * 2 + 1, peer: info(index) })
  assert.equal(a.feed({ type: 'incoming', link: 11, peer: info(4) }), ['refuse 11 too-many'])
})

test('a node that stops closes all and lets nobody in', () => {
  const a = new Subject(0)
  a.feed({ type: 'want', peer: wanted(1) })
  a.feed({ type: 'up', link: 2, peer: info(1) })
  a.feed({ type: 'want', peer: wanted(2) })
  assert.equal(a.feed({ type: 'stop' }), ['close 2 stopping', 'down: the node is stopping', 'close 4 stopping'])
  assert.equal(a.feed({ type: 'incoming', link: 1, peer: info(3) }), ['refuse 1 stopping'])
  assert.equal(a.feed({ type: 'want', peer: wanted(3) }), [])
})

test('a carried link: a dial that has reached the peer is better, one that has not is given up for it', () => {
  const carry = { type: 'carry', link: 1, node: fakeNodeId(1), boot: 1 } as const
  const a = new Subject(0)
  a.feed({ type: 'want', peer: wanted(1) })
  assert.equal(a.feed(carry), ['close 2 replaced'])
  assert.equal(a.feed({ type: 'up', link: 1, peer: info(1) }), ['up 1', 'look'])
  assert.equal(a.peers.state(fakeNodeId(1)), { phase: 'up', carried: true })
  assert.equal(a.feed({ ...carry, link: 3 }), ['close 3 duplicate'], 'there is one')
  const b = new Subject(0)
  b.feed({ type: 'want', peer: wanted(1) })
  b.feed({ type: 'reached', link: 2 })
  assert.equal(b.feed(carry), ['close 1 duplicate'])
  assert.equal(b.feed({ type: 'incoming', link: 3, peer: info(1), carried: true }), [`refuse 3 duplicate`])
})

test('a dial that has reached the peer is better than a carried link, also with the higher id', () => {
  const b = new Subject(2)
  b.feed({ type: 'want', peer: wanted(1) })
  b.feed({ type: 'reached', link: 2 })
  assert.equal(b.feed({ type: 'incoming', link: 3, peer: info(1), carried: true }), ['refuse 3 duplicate'])
  assert.equal(b.feed({ type: 'incoming', link: 5, peer: info(1, 2), carried: true }), ['close 2 replaced', 'accept 5'])
})

test('a peer that dials by TCP has its way over a carried link, whoever has the lower id', () => {
  for (const self of [0, 2]) {
    const a = new Subject(self)
    a.feed({ type: 'carry', link: 1, node: fakeNodeId(1), boot: 1 })
    a.feed({ type: 'up', link: 1, peer: info(1) })
    assert.equal(a.feed({ type: 'incoming', link: 3, peer: info(1) }), [
      'close 1 replaced',
      'down: the peer has dialled anew',
      'accept 3',
    ])
  }
})

test('a peer that is reached after all is dialled in place of a carried link, once for each of its boots', () => {
  const a = new Subject(0)
  a.feed({ type: 'carry', link: 1, node: fakeNodeId(1), boot: 1 })
  a.feed({ type: 'up', link: 1, peer: info(1) })
  assert.equal(a.feed({ type: 'want', peer: wanted(1) }), ['look'])
  assert.equal(a.feed({ type: 'looked', peer: wanted(1), reached: true }), [
    'close 1 replaced',
    'down: a direct way was found',
    'dial 2',
  ])
  a.feed({ type: 'closed', link: 2, close: { code: 'wrong-node', by: 'us', detail: '' } })
  a.feed({ type: 'carry', link: 3, node: fakeNodeId(1), boot: 1 })
  assert.equal(a.feed({ type: 'up', link: 3, peer: info(1) }), ['up 3'], 'somebody else answers there')
  assert.equal(a.feed({ type: 'looked', peer: wanted(1), reached: true }), [])
})

test('a carried link of an earlier boot gives way', () => {
  const a = new Subject(0)
  a.feed({ type: 'carry', link: 1, node: fakeNodeId(1), boot: 1 })
  a.feed({ type: 'up', link: 1, peer: info(1) })
  const again = a.feed({ type: 'carry', link: 3, node: fakeNodeId(1), boot: 2 })
  assert.equal(again, ['close 1 replaced', 'down: another way was found'])
  assert.equal(a.feed({ type: 'carry', link: 5, node: fakeNodeId(1), boot: 0 }), ['close 5 old-boot'])
})

test.run()
