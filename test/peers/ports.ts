import { once } from 'node:events'
import net from 'node:net'

/**
 * A TCP port that nobody uses at `address` now. Another program may take it before the caller does: fine for daemons that
 * must be told their port; whatever can listen on port 0 itself should.
 */
export async function freePort(address = '127.0.0.1'): Promise<number> {
  const server = net.createServer().listen(0, address)
  await once(server, 'listening')
  const bound = server.address()
  server.close()
  await once(server, 'close')
  if (bound === null || typeof bound === 'string') throw new Error(`no port at ${address}`)
  return bound.port
}

/** Whether somebody accepts connections there. The connection is closed at once, without a byte. */
export function accepts(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: address, port })
    const answer = (accepted: boolean) => {
      socket.destroy()
      resolve(accepted)
    }
    socket.once('connect', () => answer(true)).once('error', () => answer(false))
  })
}
