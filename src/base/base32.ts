/** Base32 of RFC 4648 in lower case: what people read aloud, paste and mistype. */

export const BASE32_DIGITS = 'abcdefghijklmnopqrstuvwxyz234567'

/** Without padding. */
export function toBase32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let value = 0
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32_DIGITS[(value >>> (bits - 5)) & 31]
  }
  return bits === 0 ? text : text + BASE32_DIGITS[(value << (5 - bits)) & 31]
}

/** Of digits that are known to be of the alphabet; spare bits are dropped. */
export function fromBase32(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8))
  let bits = 0
  let value = 0
  let at = 0
  for (const digit of text) {
    value = ((value << 5) | BASE32_DIGITS.indexOf(digit)) & 0xfff
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes[at++] = value >>> bits
  }
  return bytes
}

/** What occurs that is no digit, in words with its place in the whole text, which has `before` characters in front. */
export function strayDigit(digits: string, before: number): string | undefined {
  for (const [at, digit] of [...digits].entries()) {
    if (BASE32_DIGITS.includes(digit)) continue
    const shown = /\s/.test(digit) ? 'white space' : JSON.stringify(digit)
    return `it has ${shown} at place ${before + at + 1}: only a to z and 2 to 7 occur`
  }
  return undefined
}
