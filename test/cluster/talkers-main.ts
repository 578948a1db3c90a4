/**
 * Clients that keep their connections: half of them are silent, half talk all the time. A line when all stand, and one for each
 * connection that is ended or reset.
 *
 * usage: talkers-main.ts ADDRESS PORT COUNT
 */
import { writeSync } from 'node:fs'
import net from 'node:net'

const TALK_EVERY_MS = 10
const [address = '', port = '', count = '1'] = process.argv.slice(2)
let open = 0
for (let i = 0; i < Number(count); i++) {
  const socket = net.connect(Number(port), address)
  socket.on('connect', () => {
    socket.write('hello')
    if (i % 2 === 0) setInterval(() => socket.write('a line of talk\n'), TALK_EVERY_MS)
  })
  socket.once('data', () => {
    if (++open === Number(count)) writeSync(1, 'all stand\n')
  })
  socket.on('data', () => {})
  socket.on('end', () => writeSync(1, `${i} ended\n`))
  socket.on('error', (error: NodeJS.ErrnoException) => writeSync(1, `${i} ${error.code}\n`))
}
