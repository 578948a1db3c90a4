/** Shows a screen again and again until Ctrl-C. */
import { setTimeout as sleep } from 'node:timers/promises'

const EVERY_MS = 1_000
const HOME_AND_CLEAR = '\u001b[H\u001b[J'
/** The other screen of the terminal, so that what stood there comes back; and no cursor that blinks about. */
const ENTER = '\u001b[?1049h\u001b[?25l'
const LEAVE = '\u001b[?25h\u001b[?1049l'

/** `render` should not throw: a node that restarts is worth watching. Without a terminal, screens follow each other. */
export async function watch(out: NodeJS.WriteStream, render: () => Promise<string>): Promise<void> {
  const stop = new AbortController()
  const end = () => stop.abort()
  process.once('SIGINT', end).once('SIGTERM', end)
  if (out.isTTY) out.write(ENTER)
  try {
    while (!stop.signal.aborted) {
      const text = await render()
      out.write(out.isTTY ? `${HOME_AND_CLEAR}${cut(text, out.rows)}` : `${text}\n\n`)
      await sleep(EVERY_MS, undefined, { signal: stop.signal }).catch(() => {})
    }
  } finally {
    if (out.isTTY) out.write(LEAVE)
    process.removeListener('SIGINT', end).removeListener('SIGTERM', end)
  }
}

/** What would scroll the top away is left out. */
function cut(text: string, rows: number): string {
  const lines = text.split('\n')
  if (lines.length <= rows) return text
  return [...lines.slice(0, rows - 1), `… ${lines.length - rows + 1} more lines`].join('\n')
}
