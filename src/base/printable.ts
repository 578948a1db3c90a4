/** Text from anywhere, for a terminal: whatever a peer calls itself, it cannot move the cursor of who looks. */

/** Controls, invisible and unassigned characters: a terminal would obey some of them. */
const UNPRINTABLE = /\p{C}/gu
/** In JSON a newline stands between values only, and is the writer's own. */
const UNPRINTABLE_IN_JSON = /[^\P{C}\n]/gu

export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '\ufffd')
}

/** JSON that is the same to a program, and harmless to who reads it with `cat`: by itself JSON lets DEL and the controls above 0x7f through. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(UNPRINTABLE_IN_JSON, escaped)
}

function escaped(sign: string): string {
  return Array.from({ length: sign.length }, (_, i) => `\\u${sign.charCodeAt(i).toString(16).padStart(4, '0')}`).join(
    '',
  )
}
