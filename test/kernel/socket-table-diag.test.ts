import { fromHex, toHex } from '../../src/base/bytes.js'
import { Prng } from '../../src/base/prng.js'
import { AF_INET, AF_INET6 } from '../../src/kernel/constants.js'
import { decodeListenReply, encodeListenQuery } from '../../src/kernel/sock-diag.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('kernel/sock-diag')

const SEED = Number(process.env['SEED'] ?? 20_260_301)
const SEQUENCE = 7
const SOURCE_V6 = '20010db8000000000000000000000001'

/** `struct nlmsghdr`, as the kernel would write it. */
function message(type: number, body: string, sequence = SEQUENCE): string {
  const length = 16 + body.length / 2
  const le32 = (value: number) => [0, 8, 16, 24].map((shift) => ((value >>> shift) & 255).toString(16).padStart(2, '0'))
  const head = [...le32(length), ...le32(type).slice(0, 2), '02', '00', ...le32(sequence), ...le32(0)].join('')
  return head + body + '00'.repeat(-length & 3)
}

/** `struct inet_diag_msg`: listening on port 8080, uid 1000, inode 34567. */
function socket(family: number, source: string, attributes = ''): string {
  const head = `${family.toString(16).padStart(2, '0')}0a0000`
  const id = `1f900000${source.padEnd(32, '0')}${'00'.repeat(16 + 4 + 8)}`
  return `${head}${id}${'00'.repeat(12)}e803000007870000${attributes}`
}

const DONE = message(3, '00000000')

test('asks for LISTEN alone', () => {
  const expected = `48000000 1400 0103 07000000 00000000 02060000 00040000 ${'00'.repeat(48)}`.replaceAll(' ', '')
  assert.is(toHex(encodeListenQuery(AF_INET, SEQUENCE)), expected)
})

test('reads listeners of both families', () => {
  const attributes = ['05000800 00000000', '05000b00 01000000'].join('').replaceAll(' ', '')
  const datagram =
    message(20, socket(AF_INET, '7f000001')) + message(20, socket(AF_INET6, SOURCE_V6, attributes)) + DONE
  const common = { port: 8_080, uid: 1_000, inode: 34_567 }
  assert.equal(decodeListenReply(fromHex(datagram), SEQUENCE), {
    sockets: [
      { address: '127.0.0.1', ...common },
      { address: '2001:db8::1', ...common, v6only: true },
    ],
    done: true,
  })
})

test('without DONE there is more to come', () => {
  const datagram = fromHex(message(20, socket(AF_INET, '7f000001')))
  assert.is(decodeListenReply(datagram, SEQUENCE).done, false)
})

test('what answers another question is passed over', () => {
  const datagram = fromHex(message(20, socket(AF_INET, '7f000001'), 6) + message(3, '00000000', 6))
  assert.equal(decodeListenReply(datagram, SEQUENCE), { sockets: [], done: false })
})

test("the kernel's refusal is told", () => {
  const datagram = fromHex(message(2, 'feffffff'))
  assert.equal(decodeListenReply(datagram, SEQUENCE), { sockets: [], done: true, errno: 2 })
})

test('no bytes make it throw or run for ever', () => {
  const random = new Prng(SEED)
  const whole = fromHex(message(20, socket(AF_INET6, SOURCE_V6, '05000b0001000000')) + DONE)
  for (let length = 0; length < whole.length; length++) decodeListenReply(whole.subarray(0, length), SEQUENCE)
  for (let i = 0; i < 5_000; i++) {
    const damaged = whole.slice()
    for (let flips = random.below(6); flips >= 0; flips--) damaged[random.below(whole.length)] = random.u32()
    decodeListenReply(damaged, SEQUENCE)
  }
})

test.run()
