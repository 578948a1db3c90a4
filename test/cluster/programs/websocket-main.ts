/**
 * Both ends of a WebSocket (RFC 6455). The program gives each connection a number of its own, counts for it, and says back what
 * it is told; the client says numbered messages without pause, and a line for each answer.
 *
 * usage: websocket-main.ts serve PORT | websocket-main.ts talk ADDRESS PORT
 */
import { writeSync } from 'node:fs'
import { WebSocket, WebSocketServer } from 'ws'

const TALK_EVERY_MS = 5
const [what = '', ...words] = process.argv.slice(2)

if (what === 'serve') {
  let connections = 0
  new WebSocketServer({ port: Number(words[0]) }).on('connection', (socket) => {
    const connection = ++connections
    let count = 0
    socket.on('message', (message) => socket.send(`connection ${connection}, answer ${count++} to ${message}`))
  })
} else {
  const socket = new WebSocket(`ws://${words[0]}:${words[1]}/`)
  let count = 0
  socket.on('open', () => setInterval(() => socket.send(`message ${count++}`), TALK_EVERY_MS))
  socket.on('message', (message) => writeSync(1, `${message}\n`))
  socket.on('close', (code) => writeSync(1, `closed ${code}\n`))
  socket.on('error', (error) => writeSync(1, `${error.message}\n`))
}
