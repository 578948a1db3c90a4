/**
 * Fields of a message: any number of `tag u8 ‖ length u16 ‖ value`. A reader takes the tags that it knows and, of a value
 * that grew longer, the bytes that it knows; so a later release may add both.
 */
import { ByteReader, type ByteWriter } from '../base/bytes.js'

export type Fields = ReadonlyMap<number, Uint8Array>

export function writeField(writer: ByteWriter, tag: number, value: Uint8Array): void {
  writer.u8(tag).u16(value.byteLength).put(value)
}

/** Everything that is left in the reader; `undefined` if a field is cut off or comes twice. Values are views. */
export function readFields(reader: ByteReader): Fields | undefined {
  const fields = new Map<number, Uint8Array>()
  while (reader.remaining > 0 && !reader.failed) {
    const tag = reader.u8()
    const value = reader.take(reader.u16())
    if (fields.has(tag)) reader.fail()
    fields.set(tag, value)
  }
  return reader.failed ? undefined : fields
}

/** A reader of one field; of a missing one it fails at the first read. */
export function fieldReader(fields: Fields, tag: number): ByteReader {
  return new ByteReader(fields.get(tag) ?? new Uint8Array(0))
}
