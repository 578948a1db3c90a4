/** Seals nothing, but with bytes where the real one has them; a record that ends in 1 is not the peer's. */
import type { LinkSeal, SealFactory } from '../../src/trunk/ports.js'
import { SEAL_OVERHEAD_BYTES_MIN } from '../../src/trunk/record.js'

export const PLAIN_SEAL: LinkSeal = {
  sealer: {
    overheadBytes: SEAL_OVERHEAD_BYTES_MIN,
    seal: (plain, into) => {
      into.set(plain)
      into.fill(0, plain.byteLength, plain.byteLength + SEAL_OVERHEAD_BYTES_MIN)
      return plain.byteLength + SEAL_OVERHEAD_BYTES_MIN
    },
    rekey: () => {},
    close: () => {},
  },
  opener: {
    open: (sealed, into) => {
      if (sealed.at(-1) === 1) return undefined
      into.set(sealed.subarray(0, sealed.byteLength - SEAL_OVERHEAD_BYTES_MIN))
      return sealed.byteLength - SEAL_OVERHEAD_BYTES_MIN
    },
    close: () => {},
  },
}

export const PLAIN_SEALS: SealFactory = {
  sealer: () => ({ sealer: PLAIN_SEAL.sealer, header: new Uint8Array(24) }),
  opener: () => PLAIN_SEAL.opener,
}
