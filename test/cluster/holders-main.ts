/**
 * Clients that say one thing and are silent then. A line when all have been answered, and one for each connection that ends, with
 * how many milliseconds after the start. At SIGUSR2 each is ended with an RST.
 *
 * usage: holders-main.ts ADDRESS PORT COUNT
 */
import { writeSync } from 'node:fs'
import net from 'node:net'

const [address = '', port = '', count = '1'] = process.argv.slice(2)
let open = 0
const sockets = Array.from({ length: Number(count) }, (_, i) => {
  const socket = net.connect(Number(port), address)
  const tell = (word: string) => writeSync(1, `${i} ${word} ${Math.round(performance.now())}\n`)
  socket.on('connect', () => socket.write('hello'))
  socket.once('data', () => {
    if (++open === Number(count)) writeSync(1, 'all stand\n')
  })
  socket.on('data', () => {})
  socket.on('end', () => tell('ended'))
  socket.on('error', (error: NodeJS.ErrnoException) => tell(error.code ?? 'error'))
  return socket
})
process.on('SIGUSR2', () => {
  for (const socket of sockets) socket.resetAndDestroy()
  // The process stays: its kernel would say FIN for nothing that is left.
  setInterval(() => {}, 60_000)
})
