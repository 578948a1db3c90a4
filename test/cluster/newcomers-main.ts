/**
 * A client that comes anew every 10 ms, says a line, hears it back and leaves; whoever is not served within 900 ms gives up, so that no
 * SYN is said twice. Prints `gap AT MS` whenever nobody was served for longer than 30 ms: since when (ms of the wall clock), and how long.
 *
 * usage: newcomers-main.ts ADDRESS PORT
 */
import { writeSync } from 'node:fs'
import net from 'node:net'

const EVERY_MS = 10
const GIVES_UP_MS = 900
const GAP_MS_MIN = 30
const [address = '', port = ''] = process.argv.slice(2)
let servedAt = 0

function visit(): void {
  const socket = net.connect({ port: Number(port), host: address, noDelay: true })
  const limit = setTimeout(() => socket.destroy(), GIVES_UP_MS)
  socket.on('connect', () => socket.write('a line'))
  socket.on('data', () => {
    const now = Date.now()
    if (servedAt > 0 && now - servedAt > GAP_MS_MIN) writeSync(1, `gap ${servedAt} ${now - servedAt}\n`)
    if (servedAt === 0) writeSync(1, 'served\n')
    servedAt = now
    socket.end()
  })
  socket.on('error', () => {})
  socket.on('close', () => clearTimeout(limit))
}

setInterval(visit, EVERY_MS)
