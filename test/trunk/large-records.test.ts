/** What is left in the memory that OpenSSL works on. */
import { LARGE_BYTES, loadLargeRecords } from '../../src/trunk/large-records.io.js'
import { SodiumOpener, SodiumSealer } from '../../src/trunk/seal.io.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('trunk/large-records')

/** All buffers that are made meanwhile. */
function buffersOf(act: () => void): ArrayBuffer[] {
  const made: ArrayBuffer[] = []
  const Real = globalThis.ArrayBuffer
  class Watched extends Real {
    constructor(bytes: number) {
      super(bytes)
      made.push(this)
    }
  }
  globalThis.ArrayBuffer = Watched as ArrayBufferConstructor
  try {
    act()
  } finally {
    globalThis.ArrayBuffer = Real
  }
  return made
}

test('of a key that is left, nothing remains', () => {
  const made = buffersOf(loadLargeRecords)
  const large = loadLargeRecords()
  assert.not('why' in large)
  if ('why' in large) return
  assert.is(made.length, 1, 'the memory in which keys lie')
  const sealer = new SodiumSealer(new Uint8Array(32).fill(1), null)
  const opener = new SodiumOpener(new Uint8Array(32).fill(1), sealer.header, large)
  for (const rekeys of [false, true]) {
    if (rekeys) sealer.rekey()
    const sealed = new Uint8Array(LARGE_BYTES + sealer.overheadBytes)
    sealer.seal(new Uint8Array(LARGE_BYTES), sealed)
    assert.is(opener.open(sealed, new Uint8Array(LARGE_BYTES)), LARGE_BYTES)
    for (const memory of made) assert.ok(new Uint8Array(memory, 0, 64).every((byte) => byte === 0))
  }
})

test.run()
