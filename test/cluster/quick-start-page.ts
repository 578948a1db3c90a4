/** What docs/quick-start.md has its reader type, and what it says that he will see. */

export interface Block {
  /** `on`: typed there; `of`: seen there; `enter`: how one comes there. */
  readonly kind: 'on' | 'of' | 'enter'
  readonly host: string
  /** How long the reader may have to wait until it looks as the page says. */
  readonly withinMs: number
  readonly text: string
}

export function blocksOf(page: string): readonly Block[] {
  return [...page.matchAll(/^```(?:sh|text) (on|of|enter)=(\S+)(?: within=(\d+)s)?\n([\s\S]*?)^```$/gm)].map(
    ([, kind, host = '', seconds = '0', text = '']) => ({
      kind: kind as Block['kind'],
      host,
      withinMs: Number(seconds) * 1_000,
      text,
    }),
  )
}

/** What differs from run to run: who it is, since when, how much. */
function shape(line: string): string {
  return line
    .replace(/baton-token-1-\S+/g, 'TOKEN')
    .replace(/ in \/[\w/.-]+/g, ' in FOLDER')
    .replace(/\b(alpha|beta|gamma)\b/g, 'HOST')
    .replace(/\b[0-9a-f]{8}\b/g, 'ID')
    .replace(/\b10\.0\.0\.[123]\b/g, 'ADDRESS')
    .replace(/10\.0\.0\.4:\d+/g, 'CLIENT')
    .replace(/\b\d+\.\d+\.\d+(?= )/g, 'VERSION')
    .replace(/(\b\d+(\.\d+)? ?(ms|s|m|h|B|KiB)\b ?)+/g, 'N ')
    .replace(/^\d+(?= HOST$)/, 'N')
    .replace(/\s+/g, ' ')
    .replace(/(in term |HOST )\d+\b/g, '$1N')
    .trim()
}

/**
 * The first line of the page that is not among the lines seen, in order; `undefined` when all are. `…` stands for lines
 * that the page leaves out, and at the end of a line for the rest of it.
 */
export function missing(expected: string, seen: string): string | undefined {
  const lines = seen.split('\n').map(shape)
  let from = 0
  for (const line of expected.split('\n')) {
    if (line.trim() === '' || line.trim() === '…') continue
    const whole = shape(line.replace(/…$/, ''))
    const at = lines.findIndex((one, i) => i >= from && (line.endsWith('…') ? one.startsWith(whole) : one === whole))
    if (at < 0) return line
    from = at + 1
  }
  return undefined
}
