import { createCipheriv } from 'node:crypto'
import sodium from 'sodium-native'
import { Prng } from '../../src/base/prng.js'
import { CountedOpener, CountedSealer } from '../../src/trunk/counted-seal.io.js'
import { bindEvp, type CipherCalls, type EvpCalls, evpOver, loadEvp } from '../../src/trunk/evp.io.js'
import { LARGE_BYTES, loadLargeRecords } from '../../src/trunk/large-records.io.js'
import type { Opener, Sealer } from '../../src/trunk/ports.js'
import { RECORD_PLAINTEXT_BYTES_MAX, SEAL_OVERHEAD_BYTES_MAX, SEAL_OVERHEAD_BYTES_MIN } from '../../src/trunk/record.js'
import { SodiumOpener, SodiumSealer } from '../../src/trunk/seal.io.js'
import { seals, suitesThatPay } from '../../src/trunk/seals.io.js'
import { chooseSuite } from '../../src/trunk/suites.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('trunk/seal')
const key = new Uint8Array(32).fill(4)

function seal(sealer: Sealer, content: Uint8Array): Uint8Array {
  const into = new Uint8Array(content.byteLength + sealer.overheadBytes)
  assert.is(sealer.seal(content, into), into.byteLength)
  return into
}

function open(opener: Opener, sealed: Uint8Array): Uint8Array | undefined {
  const into = new Uint8Array(RECORD_PLAINTEXT_BYTES_MAX)
  const length = opener.open(sealed, into)
  return length === undefined ? undefined : into.slice(0, length)
}

/** All suites, alike. */
for (const name of ['secretstream', 'aes-256-gcm', 'aegis-128l'] as const) {
  function pair(openKey = key): { sealer: Sealer; opener: Opener } {
    const { sealer, header } = seals.sealer(name, key)
    return { sealer, opener: seals.opener(name, openKey, header) }
  }

  test(`${name}: what is sealed is opened, in order, whatever its length`, () => {
    const random = new Prng(1)
    const { sealer, opener } = pair()
    assert.ok(sealer.overheadBytes >= SEAL_OVERHEAD_BYTES_MIN && sealer.overheadBytes <= SEAL_OVERHEAD_BYTES_MAX)
    for (const length of [0, 1, 64, 65, 4_096, RECORD_PLAINTEXT_BYTES_MAX]) {
      const content = random.bytes(length)
      assert.equal(open(opener, seal(sealer, content)), content)
    }
  })

  test(`${name}: it is written where the caller says, and nothing beyond`, () => {
    const { sealer, opener } = pair()
    const buffer = new Uint8Array(60).fill(0xaa)
    const length = sealer.seal(Uint8Array.of(1, 2, 3), buffer.subarray(4))
    assert.ok(buffer.subarray(0, 4).every((byte) => byte === 0xaa))
    assert.ok(buffer.subarray(4 + length).every((byte) => byte === 0xaa))
    assert.equal(open(opener, buffer.subarray(4, 4 + length)), Uint8Array.of(1, 2, 3))
  })

  test(`${name}: a changed, left out, doubled or swapped record is not opened`, () => {
    const records = (): [Opener, Uint8Array, Uint8Array] => {
      const { sealer, opener } = pair()
      return [opener, seal(sealer, Uint8Array.of(1)), seal(sealer, Uint8Array.of(2))]
    }
    for (let at = 0; at < records()[1].byteLength; at++) {
      const [opener, first] = records()
      first[at] = (first[at] as number) ^ 1
      assert.is(open(opener, first), undefined, `byte ${at}`)
    }
    const [skipping, , second] = records()
    assert.is(open(skipping, second), undefined)
    const [doubling, first] = records()
    open(doubling, first)
    assert.is(open(doubling, first), undefined)
  })

  test(`${name}: the last records before a change of key cannot be left out`, () => {
    for (const arrived of [0, 1, 2]) {
      const { sealer, opener } = pair()
      const before = Array.from({ length: 3 }, (_, i) => seal(sealer, Uint8Array.of(i)))
      sealer.rekey()
      const first = seal(sealer, Uint8Array.of(3))
      for (const record of before.slice(0, arrived)) open(opener, record)
      assert.is(open(opener, first), undefined, `after ${arrived} of 3`)
    }
  })

  test(`${name}: another key opens nothing`, () => {
    const { sealer, opener } = pair(new Uint8Array(32).fill(5))
    assert.is(open(opener, seal(sealer, Uint8Array.of(1))), undefined)
  })

  test(`${name}: the key is changed under way, and the opener follows`, () => {
    const { sealer, opener } = pair()
    for (let i = 0; i < 6; i++) {
      if (i % 2 === 1) sealer.rekey()
      assert.equal(open(opener, seal(sealer, Uint8Array.of(i))), Uint8Array.of(i))
    }
  })

  test(`${name}: a seal that was closed is not used again, also not for a change of key`, () => {
    for (const rekeys of [false, true]) {
      const { sealer, opener } = pair()
      if (rekeys) sealer.rekey()
      const sealed = seal(sealer, Uint8Array.of(1))
      if (rekeys) sealer.rekey()
      for (const part of [sealer, opener]) part.close()
      assert.throws(() => seal(sealer, Uint8Array.of(2)), 'a closed seal is not used')
      assert.throws(() => open(opener, sealed), 'a closed seal is not used')
    }
  })

  test(`${name}: an opener takes any bytes without an exception`, () => {
    const random = new Prng(2)
    const { opener } = pair()
    for (let round = 0; round < 300; round++) {
      assert.is(opener.open(random.bytes(random.below(100)), new Uint8Array(random.below(100))), undefined)
    }
  })
}

const large = loadLargeRecords()
assert.not('why' in large, 'this node binary has ChaCha20 and Poly1305')

test('secretstream: what OpenSSL seals libsodium opens, and the other way round, over changes of key', () => {
  if ('why' in large) return
  const random = new Prng(9)
  const ways = [
    [large, null],
    [null, large],
    [large, large],
  ] as const
  for (const [sealing, opening] of ways) {
    const sealer = new SodiumSealer(key, sealing)
    const opener = new SodiumOpener(key, sealer.header, opening)
    for (let i = 0; i < 300; i++) {
      const content = random.bytes(random.chance(0.3) ? random.below(LARGE_BYTES) : LARGE_BYTES + random.below(70))
      if (random.chance(0.1)) sealer.rekey()
      assert.equal(open(opener, seal(sealer, content)), content, `record ${i} of ${content.byteLength} bytes`)
    }
  }
})

test('secretstream: no byte of a large record can be changed, and one refused changes nothing', () => {
  if ('why' in large) return
  const sealer = new SodiumSealer(key, large)
  const opener = new SodiumOpener(key, sealer.header, large)
  const content = new Uint8Array(LARGE_BYTES).fill(3)
  const sealed = seal(sealer, content)
  for (let at = 0; at < sealed.byteLength; at += at < 20 || at > LARGE_BYTES - 20 ? 1 : 101) {
    const changed = sealed.slice()
    changed[at] = (changed[at] as number) ^ 0x10
    assert.is(open(opener, changed), undefined, `byte ${at}`)
  }
  assert.equal(open(opener, sealed), content)
})

const evp = loadEvp()
assert.not('why' in evp, 'this node binary has AES-256-GCM')
const header = new Uint8Array(24).fill(0x44)

/** The same by another implementation: Node's, with keys made as the page says. */
function byNode(flags: number, number: number, content: Uint8Array, epoch: number): Uint8Array {
  let secret = blake2b(key, 'baton: data link aes-256-gcm 1', header)
  for (let i = 0; i < epoch; i++) secret = blake2b(secret, 'baton: data link next key 1', new Uint8Array(0))
  const nonce = new Uint8Array(12)
  nonce[0] = number
  const cipher = createCipheriv('aes-256-gcm', secret, nonce)
  cipher.setAAD(Uint8Array.of(flags))
  const hidden = Buffer.concat([cipher.update(content), cipher.final()])
  return new Uint8Array([flags, ...hidden, ...cipher.getAuthTag()])
}

function blake2b(secret: Uint8Array, label: string, more: Uint8Array): Uint8Array {
  const out = new Uint8Array(32)
  sodium.crypto_generichash(out, new Uint8Array([...Buffer.from(label), ...more]), secret)
  return out
}

test('aes-256-gcm: another implementation seals the same bytes, over a change of key', () => {
  if ('why' in evp) return
  const random = new Prng(5)
  const sealer = new CountedSealer('aes-256-gcm', evp, key, header)
  const opener = new CountedOpener('aes-256-gcm', evp, key, header)
  for (const [flags, number, epoch] of [
    [0, 0, 0],
    [0, 1, 0],
    [1, 2, 1],
    [0, 3, 1],
    [1, 4, 2],
  ] as const) {
    const content = random.bytes(random.below(5_000))
    if (flags === 1) sealer.rekey()
    const sealed = seal(sealer, content)
    assert.equal(sealed, byNode(flags, number, content, epoch))
    assert.equal(open(opener, sealed), content)
  }
  sealer.close()
  opener.close()
})

/** OpenSSL, of whose calls one says that it failed, and does nothing; or that it did less than it should. */
function failing() {
  const calls = bindEvp()
  const fault = { at: 0, short: false }
  const mayFail = <Args extends unknown[]>(call: (...args: Args) => number) => {
    return (...args: Args): number => (fault.at > 0 && --fault.at === 0 ? 0 : call(...args))
  }
  const ciphers = ({ init, update, final }: CipherCalls): CipherCalls => ({
    init: mayFail(init),
    update: mayFail((context, into, length, bytes, count) => {
      return update(context, into, length, bytes, fault.short && into !== null ? count - 1 : count)
    }),
    final: mayFail(final),
  })
  const control = mayFail(calls.control)
  const evpCalls: EvpCalls = { ...calls, control, encrypt: ciphers(calls.encrypt), decrypt: ciphers(calls.decrypt) }
  return { evpCalls, fault }
}

test('aes-256-gcm: whatever call fails, nothing is taken for sealed or for opened', () => {
  const { evpCalls, fault } = failing()
  const over = evpOver(evpCalls)
  const sealed = seal(new CountedSealer('aes-256-gcm', over, key, header), Uint8Array.of(1, 2, 3))
  for (let at = 1; at <= 5; at++) {
    const [sealer, opener] = [
      new CountedSealer('aes-256-gcm', over, key, header),
      new CountedOpener('aes-256-gcm', over, key, header),
    ]
    fault.at = at
    assert.throws(() => seal(sealer, Uint8Array.of(1, 2, 3)), 'OpenSSL seals', `call ${at} of sealing`)
    fault.at = at
    assert.is(open(opener, sealed), undefined, `call ${at} of opening`)
    assert.is(fault.at, 0, 'it was made')
    for (const part of [sealer, opener]) part.close()
  }
  fault.short = true
  assert.throws(
    () => seal(new CountedSealer('aes-256-gcm', over, key, header), Uint8Array.of(1, 2, 3)),
    'OpenSSL seals',
  )
  assert.is(open(new CountedOpener('aes-256-gcm', over, key, header), sealed), undefined)
})

test('aes-256-gcm: a key that is not taken, a context or a cipher that is not there, is no seal', () => {
  const { evpCalls, fault } = failing()
  const over = evpOver(evpCalls)
  fault.at = 1
  assert.throws(() => new CountedSealer('aes-256-gcm', over, key, header), 'OpenSSL takes a key')
  const sealer = new CountedSealer('aes-256-gcm', over, key, header)
  sealer.rekey()
  fault.at = 1
  assert.throws(() => seal(sealer, Uint8Array.of(1)), 'OpenSSL takes a key')
  sealer.close()
  assert.throws(
    () => new CountedSealer('aes-256-gcm', evpOver({ ...evpCalls, make: () => null }), key, header),
    'makes a context',
  )
  assert.throws(() => evpOver({ ...evpCalls, cipher: () => null }), 'knows AES-256-GCM')
})

test('aes-256-gcm: a key seals so many bytes and no more', () => {
  if ('why' in evp) return
  const sealer = new CountedSealer('aes-256-gcm', evp, key, header, 1_000)
  const flags = Array.from({ length: 7 }, () => seal(sealer, new Uint8Array(400))[0])
  assert.equal(flags, [0, 0, 0, 1, 0, 0, 1])
  sealer.close()
})

test('aes-256-gcm: a forged change of key, or unknown flags, open nothing', () => {
  if ('why' in evp) return
  for (const flags of [1, 2, 128]) {
    const [sealer, opener] = [
      new CountedSealer('aes-256-gcm', evp, key, header),
      new CountedOpener('aes-256-gcm', evp, key, header),
    ]
    const sealed = seal(sealer, Uint8Array.of(1, 2, 3))
    sealed[0] = flags
    assert.is(open(opener, sealed), undefined)
    sealer.close()
    opener.close()
  }
})

test('a seal that was closed is not used again, and 20,000 of them leave no memory behind', () => {
  if ('why' in evp) return
  const one = new CountedSealer('aes-256-gcm', evp, key, header)
  one.close()
  one.close()
  assert.throws(() => seal(one, Uint8Array.of(1)), 'a closed seal is not used')
  const round = (times: number): number => {
    for (let i = 0; i < times; i++) {
      const sealer = new CountedSealer('aes-256-gcm', evp, key, header)
      sealer.close()
    }
    return process.memoryUsage.rss()
  }
  const before = round(2_000)
  assert.ok(round(20_000) - before < 8 * 2 ** 20)
})

test('the accepter chooses the fastest of its own that the other has, and secretstream is what everybody has', () => {
  assert.is(chooseSuite(['aes-256-gcm', 'secretstream'], ['secretstream', 'aes-256-gcm']), 'aes-256-gcm')
  const all = ['aegis-128l', 'aes-256-gcm', 'secretstream'] as const
  assert.is(chooseSuite(all, ['aes-256-gcm', 'aegis-128l', 'secretstream']), 'aegis-128l')
  assert.is(chooseSuite(['aes-256-gcm', 'aegis-128l', 'secretstream'], all), 'aes-256-gcm')
  assert.is(chooseSuite(all, ['secretstream', 'aes-256-gcm']), 'aes-256-gcm')
  assert.is(chooseSuite(['secretstream'], ['aes-256-gcm', 'secretstream']), 'secretstream')
  assert.is(chooseSuite(['aes-256-gcm', 'secretstream'], []), 'secretstream')
})

test('what is offered is told with its reason', () => {
  const { suites, why } = suitesThatPay()
  assert.ok(suites.includes('secretstream'))
  assert.match(why, /\d\.\d\d of the time/)
})

test.run()
