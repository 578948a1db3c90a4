import { kindOf, outcomeOf } from '../../src/kernel/silence/outcome.js'
import { testSilence } from '../../src/kernel/silence/silence-test.io.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('kernel/silence', 30_000)
const SOURCE = Uint8Array.of(10, 255, 255, 1)

function packet(flags: number, more: { source?: Uint8Array; protocol?: number; words?: number } = {}): Uint8Array {
  const { source = SOURCE, protocol = 6, words = 5 } = more
  const bytes = new Uint8Array(words * 4 + 20)
  bytes[0] = 0x40 | words
  bytes[9] = protocol
  bytes.set(source, 12)
  bytes[words * 4 + 13] = flags
  return bytes
}

test('of what crosses the network only ends and beginnings of connections of that address count', () => {
  assert.is(kindOf(packet(0x12), SOURCE), 'synAck')
  for (const flags of [0x01, 0x04, 0x11, 0x14]) assert.is(kindOf(packet(flags), SOURCE), 'end')
  assert.is(kindOf(packet(0x11, { words: 15 }), SOURCE), 'end')
  assert.is(kindOf(packet(0x10), SOURCE), undefined)
  assert.is(kindOf(packet(0x11, { source: Uint8Array.of(10, 255, 255, 2) }), SOURCE), undefined)
  assert.is(kindOf(packet(0x11, { protocol: 17 }), SOURCE), undefined)
  for (let length = 0; length < 34; length++) assert.is(kindOf(packet(0x11).subarray(0, length), SOURCE), undefined)
})

test('who has not heard the beginnings says nothing of the end', () => {
  assert.is(outcomeOf({ synAcks: 8, ends: 0 }, 8).type, 'silent')
  assert.is(outcomeOf({ synAcks: 8, ends: 1 }, 8).type, 'heard')
  assert.is(outcomeOf({ synAcks: 7, ends: 0 }, 8).type, 'untested')
})

test(
  'a process is killed with its device at the top of its descriptors, and clients hear nothing',
  async () => assert.equal(await testSilence(), { type: 'silent' }),
  { root: true },
)

test(
  'with the device at the bottom they do, and it is told how many',
  async () => {
    const heard = await testSilence('lowest')
    assert.is(heard.type, 'heard')
    assert.match(JSON.stringify(heard), 'told 8 of its 8 clients')
  },
  { root: true },
)

test.run()
