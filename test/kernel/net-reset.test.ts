import net from 'node:net'
import { NetSockets } from '../../src/kernel/net-endpoint.io.js'
import type { CloseCause, Socket } from '../../src/proxy/ports.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('kernel/net-reset', 5_000)

/** A FIN and a RESET of the other half often come in one record of the data link. */
test('a reset in the same turn as the end is a reset, and closes', async (scope) => {
  const accepted = new Promise<net.Socket>((resolve) => {
    const server = net.createServer({ allowHalfOpen: true }, resolve)
    scope.defer(() => void server.close())
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (typeof address === 'object' && address !== null) dial({ address: '127.0.0.1', port: address.port })
    })
  })
  let socket: Socket | undefined
  let opened = () => {}
  let closed = (_cause: CloseCause) => {}
  const open = new Promise<void>((resolve) => {
    opened = resolve
  })
  const close = new Promise<CloseCause>((resolve) => {
    closed = resolve
  })
  const dial = (to: { address: string; port: number }) => {
    socket = new NetSockets().dial(to, { connectMs: 1_000, keepaliveMs: 30_000 })
    socket.attach({ onOpen: () => opened(), onData: () => {}, onEnd: () => {}, onDrain: () => {}, onClose: closed })
  }
  const peer = await accepted
  await open
  peer.resume()
  socket?.write(new Uint8Array(5))
  socket?.end()
  await new Promise<void>((resolve) => process.nextTick(() => process.nextTick(resolve)))
  socket?.reset()
  assert.is(await close, 'aborted')
  // After the FIN that it has read, node:net notices the RST only when it writes.
  const failed = new Promise<NodeJS.ErrnoException>((resolve) => void peer.once('error', resolve))
  peer.write('x')
  assert.match((await failed).code ?? '', /EPIPE|ECONNRESET/)
})

test.run()
