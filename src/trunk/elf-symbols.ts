/**
 * Symbols of a shared library that are in its file but not exported: the ELF symbol table of a 64-bit little-endian file
 * (System V gABI, chapter 4; Elf64_Ehdr, Elf64_Shdr, Elf64_Sym). Total: a file of another kind, or a damaged one, has none.
 */
const MAGIC = [0x7f, 0x45, 0x4c, 0x46, 2, 1]
const HEADER_BYTES = 64
const SECTION_BYTES = 64
const SYMBOL_BYTES = 24
const SHT_SYMTAB = 2
const NAME_BYTES_MAX = 200

interface Section {
  readonly type: number
  readonly offset: number
  readonly size: number
  readonly link: number
}

/** Addresses relative to where the library is loaded, of those of `names` that are defined in it. */
export function elfSymbols(file: Uint8Array, names: readonly string[]): ReadonlyMap<string, bigint> {
  const found = new Map<string, bigint>()
  const wanted = new Set(names)
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const sections = sectionsOf(view)
  for (const { type, offset, size, link } of sections) {
    const strings = sections[link]
    if (type !== SHT_SYMTAB || strings === undefined) continue
    for (let at = offset; at + SYMBOL_BYTES <= Math.min(offset + size, file.byteLength); at += SYMBOL_BYTES) {
      const name = textAt(file, strings.offset + view.getUint32(at, true))
      const value = view.getBigUint64(at + 8, true)
      if (value !== 0n && wanted.has(name)) found.set(name, value)
    }
  }
  return found
}

function sectionsOf(view: DataView): Section[] {
  const isElf = view.byteLength >= HEADER_BYTES && MAGIC.every((byte, at) => view.getUint8(at) === byte)
  if (!isElf) return []
  const start = Number(view.getBigUint64(0x28, true))
  const count = view.getUint16(0x3c, true)
  if (view.getUint16(0x3a, true) !== SECTION_BYTES || start + count * SECTION_BYTES > view.byteLength) return []
  return Array.from({ length: count }, (_, i) => {
    const at = start + i * SECTION_BYTES
    return {
      type: view.getUint32(at + 4, true),
      offset: Number(view.getBigUint64(at + 24, true)),
      size: Number(view.getBigUint64(at + 32, true)),
      link: view.getUint32(at + 40, true),
    }
  })
}

/** Up to the zero byte, which is looked for no further than `NAME_BYTES_MAX`; names of the libraries that this is for are ASCII. */
function textAt(file: Uint8Array, start: number): string {
  const text = file.subarray(start, start + NAME_BYTES_MAX)
  const end = text.indexOf(0)
  return end < 0 ? '' : String.fromCharCode(...text.subarray(0, end))
}
