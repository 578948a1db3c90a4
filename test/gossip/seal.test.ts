import { Prng } from '../../src/base/prng.js'
import { Opener, REPLAY_WINDOW, ReplayWindow, SEAL_OVERHEAD_BYTES, Sealer } from '../../src/gossip/seal.js'
import { assert, suite } from '../harness/suite.js'
import { nodeId } from './profiles.js'

const test = suite('gossip/seal')
const key = new Prng(1).bytes(32)
const otherKey = new Prng(2).bytes(32)
const content = Uint8Array.of(1, 2, 3)
const sealerOf = (index: number, boot = 1, under = key): Sealer => new Sealer(under, { node: nodeId(index), boot })

test('what is sealed is opened, once', () => {
  const opener = new Opener([key])
  const datagram = sealerOf(0).seal(content)
  assert.is(datagram.byteLength, content.byteLength + SEAL_OVERHEAD_BYTES)
  assert.equal(opener.open(datagram), { type: 'opened', content, key })
  assert.equal(opener.open(datagram), { type: 'refused', why: 'replay' })
})

test('a keyring opens what either key sealed', () => {
  const opener = new Opener([key, otherKey])
  assert.is(opener.open(sealerOf(0).seal(content)).type, 'opened')
  const opened = opener.open(sealerOf(1, 1, otherKey).seal(content))
  assert.ok(opened.type === 'opened' && opened.key === otherKey, 'and says which')
  assert.is(opener.open(sealerOf(2).seal(content, otherKey)).type, 'opened')
  opener.useKeys([otherKey])
  assert.equal(opener.open(sealerOf(3).seal(content)), { type: 'refused', why: 'key' })
  assert.equal(new Opener([key]).open(sealerOf(1, 1, otherKey).seal(content)), { type: 'refused', why: 'key' })
})

test('an older boot is refused, a newer one starts a window of its own', () => {
  const opener = new Opener([key])
  assert.is(opener.open(sealerOf(0, 2).seal(content)).type, 'opened')
  assert.equal(opener.open(sealerOf(0, 1).seal(content)), { type: 'refused', why: 'old-boot' })
  assert.is(opener.open(sealerOf(0, 3).seal(content)).type, 'opened')
})

test('every flipped bit is refused and moves no window', () => {
  const opener = new Opener([key])
  const sealer = sealerOf(0)
  opener.open(sealer.seal(content))
  const datagram = sealer.seal(content)
  for (let bit = 0; bit < datagram.byteLength * 8; bit++) {
    const damaged = Uint8Array.from(datagram)
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.is(opener.open(damaged).type, 'refused', `bit ${bit}`)
  }
  assert.is(opener.open(datagram).type, 'opened')
})

test('random bytes never throw', () => {
  const random = new Prng(3)
  const opener = new Opener([key])
  for (let round = 0; round < 2_000; round++) {
    const bytes = random.bytes(random.below(80))
    if (random.chance(0.7)) bytes[0] = 1
    assert.is(opener.open(bytes).type, 'refused')
  }
})

test('the window agrees with a memory of everything, however datagrams are mixed up', () => {
  for (let seed = 1; seed <= 5; seed++) {
    const random = new Prng(seed)
    const window = new ReplayWindow()
    const seen = new Set<number>()
    let top = -1
    for (let round = 0; round < 5_000; round++) {
      const leap = random.chance(0.01) ? 3_000 : 20
      const counter = Math.max(0, top + leap - random.below(random.chance(0.1) ? 2_000 : 40))
      const old = counter <= top - REPLAY_WINDOW
      assert.is(window.judge(1, counter), old || seen.has(counter) ? 'replay' : 'fresh', `SEED=${seed}, ${counter}`)
      if (window.judge(1, counter) !== 'fresh') continue
      window.note(1, counter)
      seen.add(counter)
      top = Math.max(top, counter)
    }
  }
})

test('beyond the bound the sender longest silent is forgotten', () => {
  const opener = new Opener([key], 2)
  const [first, second, third] = [0, 1, 2].map((index) => sealerOf(index).seal(content))
  if (!first || !second || !third) throw new Error('three datagrams')
  for (const datagram of [first, second, third]) opener.open(datagram)
  assert.is(opener.open(third).type, 'refused')
  assert.is(opener.open(second).type, 'refused')
  assert.is(opener.open(first).type, 'opened')
})

test('a second process of one boot counts on: none of its datagrams is taken for one of the first', () => {
  const opener = new Opener([key])
  const first = sealerOf(0)
  for (let i = 0; i < 3; i++) opener.open(first.seal(content))
  const second = new Sealer(key, { node: nodeId(0), boot: 1 }, first.counter)
  assert.is(opener.open(second.seal(content)).type, 'opened')
  assert.equal(opener.open(sealerOf(0).seal(content)), { type: 'refused', why: 'replay' }, 'which a new count would be')
})

test.run()
