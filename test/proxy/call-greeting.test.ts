import { utf8 } from '../../src/base/bytes.js'
import { Prng } from '../../src/base/prng.js'
import { acceptance, CallGreeting, type Greeted, refusal } from '../../src/proxy/call-greeting.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('proxy/call-greeting')
const HELLO = [5, 1, 0]
const bytes = (...parts: (number | string)[]) =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'number' ? [part] : [...utf8(part)])))

/** In pieces of one byte, and all at once: the last answer of each. */
function read(all: Uint8Array): Greeted[] {
  const whole = new CallGreeting().push(all)
  const greeting = new CallGreeting()
  let last: Greeted = { type: 'more', reply: undefined }
  for (const byte of all) {
    last = greeting.push(Uint8Array.of(byte))
    if (last.type !== 'more') break
  }
  return [whole, last]
}

function wished(all: Uint8Array): unknown[] {
  return read(all).map((one) => (one.type === 'wish' ? `${one.protocol} ${one.wish.host} ${one.wish.port}` : one.type))
}

test('SOCKS 5: IPv4, IPv6, a name', () => {
  assert.equal(wished(bytes(...HELLO, 5, 1, 0, 1, 10, 0, 0, 1, 1, 187)), Array(2).fill('socks5 10.0.0.1 443'))
  const ip6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
  assert.equal(wished(bytes(...HELLO, 5, 1, 0, 4, ...ip6, 0, 80)), Array(2).fill('socks5 2001:db8::1 80'))
  assert.equal(wished(bytes(...HELLO, 5, 1, 0, 3, 11, 'example.org', 0, 80)), Array(2).fill('socks5 example.org 80'))
  // A name that is an address is that address.
  assert.equal(wished(bytes(...HELLO, 5, 1, 0, 3, 8, '10.0.0.1', 0, 80)), Array(2).fill('socks5 10.0.0.1 80'))
})

test('the method is answered first, also where the program did not wait for that', () => {
  const greeting = new CallGreeting()
  assert.equal(greeting.push(bytes(5, 2, 2, 0)), { type: 'more', reply: Uint8Array.of(5, 0) })
  const all = new CallGreeting().push(bytes(...HELLO, 5, 1, 0, 1, 10, 0, 0, 1, 1, 187, 'early'))
  assert.is(all.type, 'wish')
  if (all.type !== 'wish') return
  assert.equal(all.reply, Uint8Array.of(5, 0))
  assert.equal(all.rest, utf8('early'))
})

test('what SOCKS has and this has not is answered by its code', () => {
  const last = (all: Uint8Array) => read(all).map((one) => (one.type === 'unfit' ? one.reply.at(-9) : one.type))
  assert.equal(
    read(bytes(5, 1, 2)).map((one) => one.type === 'unfit' && one.reply),
    Array(2).fill(Uint8Array.of(5, 0xff)),
  )
  assert.equal(last(bytes(...HELLO, 5, 2, 0, 1, 10, 0, 0, 1, 1, 187)), [7, 7])
  assert.equal(last(bytes(...HELLO, 5, 1, 0, 9, 10, 0, 0, 1, 1, 187)), [8, 8])
  assert.equal(last(bytes(...HELLO, 5, 1, 0, 1, 10, 0, 0, 1, 0, 0)), [1, 1])
})

test('HTTP CONNECT, with headers and what follows', () => {
  const head = 'CONNECT db.example.org:5432 HTTP/1.1\r\nHost: db.example.org:5432\r\n\r\n'
  assert.equal(wished(utf8(head)), Array(2).fill('connect db.example.org 5432'))
  assert.equal(wished(utf8('CONNECT [2001:db8::1]:443 HTTP/1.0\r\n\r\n')), Array(2).fill('connect 2001:db8::1 443'))
  const more = new CallGreeting().push(utf8(`${head}SSH-2.0`))
  assert.equal(more.type === 'wish' && more.rest, utf8('SSH-2.0'))
})

test('another method, a bad port, and what is neither protocol, come to an end', () => {
  const words = (all: string) =>
    read(utf8(all)).map((one) => (one.type === 'unfit' ? new TextDecoder().decode(one.reply).slice(9, 12) : one.type))
  assert.equal(words('GET http://example.org/ HTTP/1.1\r\n\r\n'), ['405', '405'])
  assert.equal(words('CONNECT a:0 HTTP/1.1\r\n\r\n'), ['400', '400'])
  assert.equal(words('CONNECT 1.2.3:80 HTTP/1.1\r\n\r\n'), ['400', '400'])
  assert.equal(words('hello'), ['', ''])
  assert.equal(words(`CONNECT a:80 HTTP/1.1\r\n${'x'.repeat(9_000)}`), ['405', '405'])
  assert.equal(
    read(bytes(4, 1, 0, 80)).map(({ type }) => type),
    ['unfit', 'unfit'],
    'SOCKS 4',
  )
})

test('random bytes have an answer, each of them', () => {
  const random = new Prng(5)
  for (let round = 0; round < 5_000; round++) {
    const greeting = new CallGreeting()
    const first = random.between(0, 3)
    for (let i = 0; i < 6; i++) {
      const chunk = Uint8Array.from({ length: random.between(0, 40) }, () => random.between(0, 256))
      if (i === 0 && first < 2) chunk.set(bytes(...HELLO, 5, 1, 0).subarray(0, chunk.byteLength))
      if (greeting.push(chunk).type !== 'more') break
    }
  }
})

test('the answers', () => {
  const at = { address: '10.0.0.100', port: 40_000 }
  assert.equal(acceptance('socks5', at), bytes(5, 0, 0, 1, 10, 0, 0, 100, 156, 64))
  assert.match(
    new TextDecoder().decode(acceptance('connect', at)),
    /^HTTP\/1.1 200 .*\r\nX-Baton-From: 10.0.0.100:40000\r\n\r\n$/,
  )
  const code = (reason: Parameters<typeof refusal>[1]) => refusal('socks5', reason, '')[1]
  assert.equal(
    (['not-allowed', 'unreachable', 'connect-refused', 'connect-timeout', 'exhausted'] as const).map(code),
    [2, 4, 5, 6, 1],
  )
  assert.match(
    new TextDecoder().decode(refusal('connect', 'not-allowed', 'näh\r\n')),
    /^HTTP\/1.1 403 [\s\S]*\r\n\r\nnot-allowed: n\?h\?\?\n$/,
  )
})

test.run()
