/**
 * Clients that connect without pause, say a line, hear it back and leave. When told to end (SIGUSR2) they finish what they have
 * begun, and a line of JSON says how often each outcome came, and how many took as long as a SYN that is lost.
 *
 * usage: connectors-main.ts ADDRESS PORT WORKERS
 */
import { writeSync } from 'node:fs'
import net from 'node:net'

const SILENCE_MS_MAX = 10_000
/** After which a SYN that was lost is said again (RFC 6298). */
const SYN_TIMER_MS = 1_000
const [address = '', port = '', workers = '1'] = process.argv.slice(2)
const outcomes: Record<string, number> = {}
const waits: number[] = []
let isEnding = false

function visit(): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect({ port: Number(port), host: address, noDelay: true })
    socket.setTimeout(SILENCE_MS_MAX, () => resolve('silence'))
    socket.on('connect', () => socket.write('a line'))
    socket.on('data', () => socket.end())
    socket.on('end', () => resolve('served'))
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    socket.on('close', () => resolve('closed'))
  })
}

async function work(): Promise<void> {
  while (!isEnding) {
    const begun = performance.now()
    const outcome = await visit()
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    waits.push(performance.now() - begun)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

process.on('SIGUSR2', () => {
  isEnding = true
})
writeSync(1, 'connecting\n')
await Promise.all(Array.from({ length: Number(workers) }, work))
waits.sort((a, b) => a - b)
const [median, most] = [waits[Math.floor(waits.length / 2)] ?? 0, waits.at(-1) ?? 0]
const slow = waits.filter((ms) => ms >= SYN_TIMER_MS).length
writeSync(1, `${JSON.stringify({ outcomes, slow, medianMs: Math.round(median), mostMs: Math.round(most) })}\n`)
