/**
 * Clients that ask and are answered, and are silent until they are told to ask once more, by SIGUSR2: over the same connections. A line when
 * all have been answered, and one for each connection that ends.
 *
 * usage: askers-main.ts ADDRESS PORT COUNT
 */
import { writeSync } from 'node:fs'
import net from 'node:net'

const [address = '', port = '', count = '1'] = process.argv.slice(2)
let round = 1
let answered = 0
const question = (i: number) => `${i}/${round};`
const sockets = Array.from({ length: Number(count) }, (_, i) => {
  const socket = net.connect(Number(port), address)
  let heard = ''
  socket.on('connect', () => socket.write(question(i)))
  socket.on('data', (chunk) => {
    heard += chunk.toString()
    if (!heard.endsWith(question(i))) return
    const isRight = heard === question(i) || heard.endsWith(` ${question(i)}`)
    if (!isRight) writeSync(1, `${i} wrong ${heard}\n`)
    heard = ''
    if (++answered === Number(count)) writeSync(1, `answered ${round}\n`)
  })
  socket.on('end', () => writeSync(1, `${i} ended\n`))
  socket.on('error', (error: NodeJS.ErrnoException) => writeSync(1, `${i} ${error.code ?? 'error'}\n`))
  return socket
})
process.on('SIGUSR2', () => {
  round++
  answered = 0
  sockets.forEach((socket, i) => void socket.write(question(i)))
})
