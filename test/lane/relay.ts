/** A TCP relay whose connections a test breaks, with whatever is on its way in them. */
import { once } from 'node:events'
import net from 'node:net'
import type { Endpoint } from '../../src/base/address.js'
import type { Scope } from '../harness/suite.js'

export class Relay {
  /** Bytes of both directions since the last break. */
  bytes = 0
  onBytes: () => void = () => {}
  readonly #sockets = new Set<net.Socket>()

  private constructor(readonly at: Endpoint) {}

  static async to(scope: Scope, target: Endpoint): Promise<Relay> {
    const server = net.createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const relay = new Relay({ address: '127.0.0.1', port: (server.address() as net.AddressInfo).port })
    server.on('connection', (socket) => relay.#carry(socket, target))
    scope.defer(() => {
      server.close()
      relay.break()
    })
    return relay
  }

  break(): void {
    this.bytes = 0
    for (const socket of this.#sockets) socket.resetAndDestroy()
    this.#sockets.clear()
  }

  #carry(near: net.Socket, target: Endpoint): void {
    const far = net.connect({ host: target.address, port: target.port, noDelay: true })
    near.setNoDelay(true)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from)
      from.on('error', () => {})
      from.on('close', () => to.destroy())
      from.on('data', (chunk: Buffer) => {
        this.bytes += chunk.byteLength
        if (!to.write(chunk)) from.pause()
        this.onBytes()
      })
      from.on('drain', () => to.resume())
    }
  }
}
