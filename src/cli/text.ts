/** Text from anywhere, made to fit. */
import { printable } from '../base/printable.js'

/** Columns on a terminal; names and sentences here are Latin, so a code point is one column. */
export function columnsOf(text: string): number {
  return [...text].length
}

/** At most `width` columns; what is left out shows as `…`. */
export function clip(text: string, width: number): string {
  const clean = printable(text)
  if (columnsOf(clean) <= width) return clean
  return width < 1 ? '' : `${[...clean].slice(0, width - 1).join('')}…`
}

/** What is not broken: words, and commands in backquotes, which are there to be copied. */
const WORDS = /`[^`]*`\S*|\S+/g

/** Lines of at most `width` columns, broken at blanks; a longer word is cut, not lost. Never empty. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  const words = printable(text.replaceAll('\n', ' ')).match(WORDS) ?? []
  for (const word of words.flatMap((each) => (columnsOf(each) > width ? each.split(' ') : each))) {
    if (line !== '' && columnsOf(line) + 1 + columnsOf(word) > width) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
    while (columnsOf(line) > width) {
      const letters = [...line]
      lines.push(letters.slice(0, width).join(''))
      line = letters.slice(width).join('')
    }
  }
  if (line !== '' || lines.length === 0) lines.push(line)
  return lines
}

/** A paragraph whose first line begins with `lead` and whose others line up under its text. */
export function hang(lead: string, text: string, width: number): string[] {
  const indent = columnsOf(lead)
  return wrap(text, Math.max(20, width - indent)).map((line, i) => `${i === 0 ? lead : ' '.repeat(indent)}${line}`)
}
