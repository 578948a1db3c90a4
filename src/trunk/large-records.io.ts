/**
 * secretstream for large records, byte for byte what libsodium makes, with ChaCha20 and Poly1305 of the OpenSSL inside the
 * node binary: half the time where it has vector code that libsodium lacks (AVX-512, NEON). They work on libsodium's own
 * state, so every record can be sealed or opened by either. A change of key is left to libsodium.
 *
 *   sealed   tag u8, hidden ‖ ciphertext ‖ mac 16
 *   state    key 32 ‖ counter u32 ‖ nonce 8
 *
 * Block 0 of the key stream is the key of the mac, block 1 hides the tag, the content begins at block 2. The mac is over
 * block 1, the ciphertext, and the lengths; its first bytes go into the nonce of the next record.
 */
import koffi from '../base/native/koffi.io.js'
import sodium from '../base/native/sodium.io.js'
import { foundOnce } from './found.js'

/** The last record of a key: libsodium changes it then by itself. */
export function isLastCounter(state: Uint8Array): boolean {
  for (let at = COUNTER_AT; at < NONCE_AT; at++) if (state[at] !== 255) return false
  return true
}

export interface LargeRecords {
  /** With TAG_MESSAGE. `into` has just the length of the sealed record. */
  seal(state: Uint8Array, plain: Uint8Array, into: Uint8Array): void
  /** `false`: not done, and nothing changed: it is for libsodium to say whether it can be opened. */
  open(state: Uint8Array, sealed: Uint8Array, into: Uint8Array): boolean
}

/** Below this the calls cost more than they save. */
export const LARGE_BYTES = 4_096

const BLOCK_BYTES = 64
const MAC_BYTES = 16
const COUNTER_AT = 32
const NONCE_AT = 36
const NONCE_BYTES = 8
const POLY1305_BYTES_MAX = 512
/** Where each thing lies in the memory that C sees. */
const AT = { key: 0, counter: 32, zeros: 64, blocks: 192, tail: 320, mac: 352, poly1305: 384 } as const

export const loadLargeRecords = foundOnce<LargeRecords>({
  bind,
  isSound,
  missing: 'this node binary shows no ChaCha20 and Poly1305',
  unsound: 'ChaCha20-Poly1305 of this node binary is not that of libsodium',
})

function bind(): LargeRecords {
  const library = koffi.load(null)
  const chacha20 = library.func('void ChaCha20_ctr32(void *, void *, size_t, uintptr_t, uintptr_t)')
  const chacha20At = library.func('void ChaCha20_ctr32(uintptr_t, uintptr_t, size_t, uintptr_t, uintptr_t)')
  const begin = library.func('void Poly1305_Init(uintptr_t, uintptr_t)')
  const add = library.func('void Poly1305_Update(uintptr_t, void *, size_t)')
  const addAt = library.func('void Poly1305_Update(uintptr_t, uintptr_t, size_t)')
  const finish = library.func('void Poly1305_Final(uintptr_t, uintptr_t)')
  const size = library.func('size_t Poly1305_ctx_size()')() as number
  if (size > POLY1305_BYTES_MAX) throw new Error(`its state of ${size} bytes is too large`)
  const memory = new ArrayBuffer(AT.poly1305 + POLY1305_BYTES_MAX)
  const base = Number(koffi.address(memory))
  const bytes = new Uint8Array(memory)
  const numbers = new DataView(memory)

  /** Blocks 0 and 1 of the record's key stream. */
  const prepare = (state: Uint8Array): void => {
    bytes.set(state.subarray(0, COUNTER_AT), AT.key)
    bytes.set(state.subarray(COUNTER_AT, NONCE_AT + NONCE_BYTES), AT.counter + 4)
    numbers.setUint32(AT.counter, 0, true)
    chacha20At(base + AT.blocks, base + AT.zeros, 2 * BLOCK_BYTES, base + AT.key, base + AT.counter)
    numbers.setUint32(AT.counter, 2, true)
  }
  /** Of block 1, which hides the tag, and the ciphertext. */
  const mac = (ciphertext: Uint8Array): void => {
    const { byteLength } = ciphertext
    begin(base + AT.poly1305, base + AT.blocks)
    addAt(base + AT.poly1305, base + AT.blocks + BLOCK_BYTES, BLOCK_BYTES)
    add(base + AT.poly1305, ciphertext, byteLength)
    // As libsodium pads: by what the length of the whole lacks of a multiple of 16, taken as negative. Then both lengths.
    const padding = (MAC_BYTES - BLOCK_BYTES + byteLength) & (MAC_BYTES - 1)
    bytes.fill(0, AT.tail, AT.tail + 32)
    numbers.setUint32(AT.tail + padding + 8, BLOCK_BYTES + byteLength, true)
    addAt(base + AT.poly1305, base + AT.tail, padding + 16)
    finish(base + AT.poly1305, base + AT.mac)
  }
  /** Nothing of the key is left here, also when it is for libsodium to open the record: that one may end this key. */
  const forget = (): void => {
    bytes.fill(0, AT.key, AT.zeros)
    bytes.fill(0, AT.blocks, AT.tail)
  }
  /** The state for the next record. */
  const goOn = (state: Uint8Array): void => {
    for (let i = 0; i < NONCE_BYTES; i++) {
      state[NONCE_AT + i] = (state[NONCE_AT + i] as number) ^ (bytes[AT.mac + i] as number)
    }
    for (let i = COUNTER_AT; i < NONCE_AT; i++) {
      state[i] = ((state[i] as number) + 1) & 255
      if (state[i] !== 0) break
    }
    forget()
  }
  return {
    seal: (state, plain, into) => {
      prepare(state)
      // TAG_MESSAGE is 0: the byte of the key stream itself.
      into[0] = bytes[AT.blocks + BLOCK_BYTES] as number
      const ciphertext = into.subarray(1, 1 + plain.byteLength)
      chacha20(ciphertext, plain, plain.byteLength, base + AT.key, base + AT.counter)
      mac(ciphertext)
      into.set(bytes.subarray(AT.mac, AT.mac + MAC_BYTES), 1 + plain.byteLength)
      goOn(state)
    },
    open: (state, sealed, into) => {
      const length = sealed.byteLength - 1 - MAC_BYTES
      prepare(state)
      const ciphertext = sealed.subarray(1, 1 + length)
      mac(ciphertext)
      const isGenuine = sodium.sodium_memcmp(bytes.subarray(AT.mac, AT.mac + MAC_BYTES), sealed.subarray(1 + length))
      // The mac is over block 1 as it is with TAG_MESSAGE: with another tag it is another mac.
      if (!isGenuine || sealed[0] !== bytes[AT.blocks + BLOCK_BYTES]) {
        forget()
        return false
      }
      chacha20(into, ciphertext, length, base + AT.key, base + AT.counter)
      goOn(state)
      return true
    },
  }
}

/** Before any use: it seals as libsodium does, goes on as it does, and opens nothing that was changed. */
function isSound(large: LargeRecords): boolean {
  const key = new Uint8Array(32).fill(7)
  const header = new Uint8Array(sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES)
  const [ours, theirs] = [0, 1].map(() => new Uint8Array(sodium.crypto_secretstream_xchacha20poly1305_STATEBYTES))
  if (ours === undefined || theirs === undefined) return false
  sodium.crypto_secretstream_xchacha20poly1305_init_push(ours, header, key)
  theirs.set(ours)
  for (const length of [LARGE_BYTES, LARGE_BYTES + 1, LARGE_BYTES + 27]) {
    const plain = new Uint8Array(length).fill(length)
    const [a, b] = [new Uint8Array(length + 17), new Uint8Array(length + 17)]
    const before = ours.slice()
    large.seal(ours, plain, a)
    sodium.crypto_secretstream_xchacha20poly1305_push(theirs, b, plain, null, 0)
    if (!isSame(a, b) || !isSame(ours, theirs)) return false
    const opened = new Uint8Array(length)
    b[length] = (b[length] as number) ^ 1
    if (large.open(before, b, opened) || !large.open(before, a, opened)) return false
    if (!isSame(opened, plain) || !isSame(before, ours)) return false
  }
  return true
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, at) => byte === b[at])
}
