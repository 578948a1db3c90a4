import { decodeSnapshot, encodeSnapshot } from '../../src/handoff/snapshot-codec.js'
import { snapshotNow } from '../../src/lane/parking.js'
import type { ClientHalf } from '../../src/proxy/client-half.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('lane/parking-snapshot')
const TAKEN = {
  firstSent: 1_000,
  firstReceived: 2_000,
  mss: 1_460,
  sack: true,
  windowScale: { send: 7, receive: 7 },
  timestamp: 50_000,
  sendWindow: 1,
  maxWindow: 2,
  receiveWindow: 3,
}

function client(bytes: Uint8Array, clock?: number) {
  const socket = clock === undefined ? {} : { clock: () => clock }
  return { snapshot: { bytes, at: 100 }, half: { socket } } as unknown as ClientHalf
}

test('it begins where the connection stands, with the clock of its socket', () => {
  const { bytes, at } = snapshotNow(client(encodeSnapshot(TAKEN), 57_000), 7_100, 30, 40)
  assert.is(at, 7_100)
  assert.equal(decodeSnapshot(bytes), { ...TAKEN, firstSent: 1_040, firstReceived: 2_030, timestamp: 57_000 })
})

test('asked again it stays where it is, and its clock goes on', () => {
  const { bytes } = snapshotNow(client(encodeSnapshot(TAKEN), 80_000), 30_100)
  assert.equal(decodeSnapshot(bytes), { ...TAKEN, timestamp: 80_000 })
})

test('one that there is not stays none', () => {
  const none = client(new Uint8Array(0))
  assert.is(snapshotNow(none, 9_000), none.snapshot)
})

test.run()
