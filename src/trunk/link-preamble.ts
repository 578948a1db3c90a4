/**
 * The first bytes of a data link, in the clear, once in each direction; the dialler speaks first.
 *
 *   preamble   magic 'BTND' ‖ version u8 (1) ‖ length u8 ‖ link id 16 ‖ secretstream header 24 ‖ …
 *
 * `length` counts what follows it; bytes beyond those of version 1 are skipped. The link id says which keys of the
 * control link are meant. It stands for one connection: who accepted it once must forget it, or a recording could be
 * played to him again.
 */
import { ByteReader, ByteWriter, utf8 } from '../base/bytes.js'

export const LINK_ID_BYTES = 16
export const SEAL_HEADER_BYTES = 24

const MAGIC = utf8('BTND')
const VERSION = 1
const START_BYTES = MAGIC.byteLength + 2
const BODY_BYTES = LINK_ID_BYTES + SEAL_HEADER_BYTES
const PREAMBLE_BYTES_MAX = START_BYTES + 255

export interface LinkPreamble {
  readonly linkId: Uint8Array
  /** Where the sender's seal begins. */
  readonly sealHeader: Uint8Array
}

export function encodePreamble({ linkId, sealHeader }: LinkPreamble): Uint8Array {
  return new ByteWriter(START_BYTES + BODY_BYTES)
    .put(MAGIC)
    .u8(VERSION)
    .u8(BODY_BYTES)
    .put(linkId)
    .put(sealHeader)
    .finish()
}

export type PreambleRead =
  | { readonly type: 'need-more' }
  /** `rest`: the first records; a view of the chunk. */
  | { readonly type: 'preamble'; readonly preamble: LinkPreamble; readonly rest: Uint8Array }
  | { readonly type: 'malformed'; readonly why: string }

/** Total, in any split; a stranger is known by his first wrong byte. To be dropped after any answer but `need-more`. */
export class PreambleReader {
  readonly #held = new Uint8Array(PREAMBLE_BYTES_MAX)
  #heldBytes = 0

  push(chunk: Uint8Array): PreambleRead {
    for (const [at, byte] of chunk.entries()) {
      this.#held[this.#heldBytes++] = byte
      const why = this.#problem()
      if (why !== undefined) return { type: 'malformed', why }
      if (this.#heldBytes >= START_BYTES && this.#heldBytes === START_BYTES + (this.#held[START_BYTES - 1] as number)) {
        return { type: 'preamble', preamble: this.#decode(), rest: chunk.subarray(at + 1) }
      }
    }
    return { type: 'need-more' }
  }

  /** Looks at the byte that came last. */
  #problem(): string | undefined {
    const at = this.#heldBytes - 1
    const byte = this.#held[at] as number
    if (at < MAGIC.byteLength) return byte === MAGIC[at] ? undefined : 'not a data link of Baton'
    if (at === MAGIC.byteLength && byte !== VERSION) return `preamble version ${byte}, not ${VERSION}`
    if (at === START_BYTES - 1 && byte < BODY_BYTES) return `a preamble of ${byte} bytes, below ${BODY_BYTES}`
    return undefined
  }

  #decode(): LinkPreamble {
    const reader = new ByteReader(this.#held.slice(START_BYTES, this.#heldBytes))
    return { linkId: reader.take(LINK_ID_BYTES), sealHeader: reader.take(SEAL_HEADER_BYTES) }
  }
}
