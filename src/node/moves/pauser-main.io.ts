/**
 * Stops its parent and wakes it again, as a process of its own: who stands still cannot wake itself. Says `ready`, and begins
 * at the first byte of its input. `wake` only wakes: a second one, should the first be killed in between.
 *
 * usage: node pauser-main.io.js stop|wake MS
 */
import process from 'node:process'

const PAUSE_MS_MAX = 60_000

const [role = '', text = ''] = process.argv.slice(2)
const parent = process.ppid
const pauseMs = Math.min(PAUSE_MS_MAX, Math.max(0, Number(text) || 0))

/** A parent that has died leaves its children to another process, which is not to be touched. */
function signal(name: 'SIGSTOP' | 'SIGCONT'): void {
  if (process.ppid !== parent) return
  try {
    process.kill(parent, name)
  } catch {
    // It has just ended.
  }
}

// Whoever started this stands still, or is gone: nobody reads what would be said.
process.stdout.on('error', () => {})
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    signal('SIGCONT')
    process.exit(1)
  })
}
process.stdin.once('data', () => {
  if (role === 'stop') signal('SIGSTOP')
  setTimeout(() => {
    signal('SIGCONT')
    process.exit(0)
  }, pauseMs)
})
process.stdin.once('end', () => process.exit(0))
process.stdout.write('ready\n')
