/** Shows a screen again and again until Ctrl-C, or q where keys are heard. */
import { setTimeout as sleep } from 'node:timers/promises'

const EVERY_MS = 1_000
const HOME = '\u001b[H'
/** Each line first clears what stood there, so that nothing flickers; after the last one the rest of the screen. */
const CLEAR_LINE = '\u001b[K'
const CLEAR_BELOW = '\u001b[J'
/** The other screen of the terminal, so that what stood there comes back; and no cursor that blinks about. */
const ENTER = '\u001b[?1049h\u001b[?25l'
const LEAVE = '\u001b[?25h\u001b[?1049l'
const CTRL_C = '\u0003'
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface WatchOptions {
  readonly everyMs?: number
  /** Keys are heard there, if it is a terminal. */
  readonly input?: NodeJS.ReadStream
  /** The last line, where there is a terminal. */
  readonly foot?: string
}

/** `render` should not throw: a node that restarts is worth watching. Without a terminal, screens follow each other. */
export async function watch(
  out: NodeJS.WriteStream,
  render: () => Promise<string>,
  { everyMs = EVERY_MS, input, foot }: WatchOptions = {},
): Promise<void> {
  const stop = new AbortController()
  const end = () => stop.abort()
  let wake = new AbortController()
  const redraw = () => wake.abort()
  const hear = (keys: Buffer) => {
    const text = keys.toString()
    if (text.includes('q') || text.includes('Q') || text.includes(CTRL_C)) end()
  }
  const hasKeys = out.isTTY && input?.isTTY === true
  for (const signal of SIGNALS) process.once(signal, end)
  stop.signal.addEventListener('abort', redraw)
  out.on('resize', redraw)
  if (out.isTTY) out.write(ENTER)
  if (hasKeys) input?.setRawMode(true).on('data', hear)
  try {
    while (!stop.signal.aborted) {
      wake = new AbortController()
      const text = await render()
      // What was resized meanwhile is drawn anew at once, in its new size.
      if (out.isTTY) out.write(paged(text, out.rows, foot))
      else out.write(`${text}\n\n`)
      await sleep(everyMs, undefined, { signal: wake.signal }).catch(() => {})
    }
  } finally {
    if (hasKeys) input?.off('data', hear).setRawMode(false).pause()
    if (out.isTTY) out.write(LEAVE)
    out.off('resize', redraw)
    for (const signal of SIGNALS) process.removeListener(signal, end)
  }
}

/** What would scroll the top away is left out. */
function paged(text: string, rows: number, foot: string | undefined): string {
  const room = foot === undefined ? rows : rows - 1
  const lines = text.split('\n')
  const shown = lines.length <= room ? lines : [...lines.slice(0, room - 1), `… ${lines.length - room + 1} more lines`]
  const filled = foot === undefined ? shown : [...shown, ...Array(Math.max(0, room - shown.length)).fill(''), foot]
  return `${HOME}${filled.join(`${CLEAR_LINE}\r\n`)}${CLEAR_LINE}${CLEAR_BELOW}`
}
