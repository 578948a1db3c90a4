/**
 * A legacy program for the demo and the tests: a small HTTP/1.1 server that says which node it is and which client it
 * saw, one answer per connection. It knows nothing of Baton. Like many servers it understands the PROXY protocol where
 * that is switched on.
 *
 * usage: node hello.io.js NAME ADDRESS PORT [proxy]
 */
import net from 'node:net'

const [name = 'nobody', address = '127.0.0.1', port = '8080', proxy] = process.argv.slice(2)
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const REQUEST_BYTES_MAX = 16_384

/** The PROXY v2 header as its specification has it, read by a program of its own: 12 bytes of signature, then … */
function clientOf(head: Buffer): { bytes: number; client: string } | undefined {
  if (head.length < 16 || head.length < 16 + head.readUInt16BE(14)) return undefined
  const bytes = 16 + head.readUInt16BE(14)
  const isTcp4 = head[12] === 0x21 && head[13] === 0x11
  return { bytes, client: isTcp4 ? `${head.subarray(16, 20).join('.')}:${head.readUInt16BE(24)}` : 'unknown' }
}

/** The client, once the whole request has come; `undefined`: wait for more; `bad`: not what it should be. */
function readRequest(received: Buffer, socket: net.Socket): string | undefined | 'bad' {
  if (received.length > REQUEST_BYTES_MAX) return 'bad'
  if (proxy !== 'proxy')
    return received.includes('\r\n\r\n') ? `${socket.remoteAddress}:${socket.remotePort}` : undefined
  const begun = Math.min(received.length, SIGNATURE.length)
  if (!SIGNATURE.subarray(0, begun).equals(received.subarray(0, begun))) return 'bad'
  const header = clientOf(received)
  return header !== undefined && received.includes('\r\n\r\n', header.bytes) ? header.client : undefined
}

function serve(socket: net.Socket): void {
  let received = Buffer.alloc(0)
  let answered = false
  socket.on('error', () => socket.destroy())
  // Whoever says nothing more before the request is whole has gone.
  socket.on('end', () => socket.end())
  socket.on('data', (chunk: Buffer) => {
    if (answered) return
    received = Buffer.concat([received, chunk])
    const client = readRequest(received, socket)
    if (client === undefined) return
    answered = true
    if (client === 'bad') return void socket.destroy()
    const body = `hello from ${name}, you are ${client}\n`
    const head = `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`
    socket.end(head + body)
  })
}

net.createServer({ allowHalfOpen: true }, serve).listen(Number(port), address)
process.on('SIGTERM', () => process.exit(0))
