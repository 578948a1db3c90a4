/**
 * A legacy program for the demo and the tests: a small HTTP server that says which node it is and which client it saw.
 * It knows nothing of Baton. Like many servers it understands the PROXY protocol where that is switched on.
 *
 * usage: node hello.io.js NAME ADDRESS PORT [proxy]
 */
import http from 'node:http'
import net from 'node:net'

const [name = 'nobody', address = '127.0.0.1', port = '8080', proxy] = process.argv.slice(2)
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const clients = new WeakMap<net.Socket, string>()

const server = http.createServer((request, response) => {
  const seen = clients.get(request.socket) ?? `${request.socket.remoteAddress}:${request.socket.remotePort}`
  response.setHeader('content-type', 'text/plain')
  response.end(`hello from ${name}, you are ${seen}\n`)
})

/** The PROXY v2 header as its specification has it, read by a program of its own: 12 bytes of signature, then … */
function clientOf(head: Buffer): { bytes: number; client: string } | undefined {
  if (head.length < 16 || head.length < 16 + head.readUInt16BE(14)) return undefined
  const bytes = 16 + head.readUInt16BE(14)
  const isTcp4 = head[12] === 0x21 && head[13] === 0x11
  return { bytes, client: isTcp4 ? `${head.subarray(16, 20).join('.')}:${head.readUInt16BE(24)}` : 'unknown' }
}

function readHeader(socket: net.Socket): void {
  let head = Buffer.alloc(0)
  const take = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk])
    if (!SIGNATURE.subarray(0, head.length).equals(head.subarray(0, SIGNATURE.length))) return void socket.destroy()
    const found = clientOf(head)
    if (found === undefined) return
    socket.off('data', take)
    clients.set(socket, found.client)
    socket.pause()
    if (found.bytes < head.length) socket.unshift(head.subarray(found.bytes))
    server.emit('connection', socket)
    socket.resume()
  }
  socket.on('error', () => socket.destroy())
  socket.on('data', take)
}

if (proxy === 'proxy') net.createServer({ allowHalfOpen: true }, readHeader).listen(Number(port), address)
else server.listen(Number(port), address)
process.on('SIGTERM', () => process.exit(0))
