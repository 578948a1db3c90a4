/** What a piece of text means; how it looks is decided here alone. */
export type Style = 'good' | 'warn' | 'bad' | 'dim' | 'bold'

export interface StyledText {
  readonly text: string
  readonly style: Style
}

export type Paint = (style: Style, text: string) => string

/** Where text goes: how wide it may be, and how it is coloured. */
export interface Screen {
  /** Columns, at least 40: below that nothing could be aligned. */
  readonly width: number
  readonly paint: Paint
}

export const plain: Paint = (_style, text) => text

const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  good: [32, 39],
  warn: [33, 39],
  bad: [31, 39],
  dim: [2, 22],
  bold: [1, 22],
}

export const ansi: Paint = (style, text) => {
  const [on, off] = CODES[style]
  return text === '' ? '' : `\u001b[${on}m${text}\u001b[${off}m`
}

/** Colour only on a terminal that can, and never where NO_COLOR is set (no-color.org: to anything but nothing). */
export function choosePaint(isTerminal: boolean, environment: Readonly<Record<string, string | undefined>>): Paint {
  const refused = (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb'
  return isTerminal && !refused ? ansi : plain
}
