import net from 'node:net'
import type { Endpoint } from '../../src/base/address.js'
import type { Scope } from '../harness/suite.js'

/** A stretch of network between two nodes that can be made to swallow what it carries. */
export class Relay {
  readonly #server: net.Server
  readonly #pairs: [net.Socket, net.Socket][] = []

  private constructor(to: Endpoint) {
    this.#server = net.createServer((near) => {
      const far = net.connect(to.port, to.address)
      this.#pairs.push([near, far])
      for (const socket of [near, far]) socket.on('error', () => {})
      near.pipe(far).pipe(near)
      near.on('close', () => far.destroy())
      far.on('close', () => near.destroy())
    })
  }

  static async to(scope: Scope, to: Endpoint): Promise<Relay> {
    const relay = new Relay(to)
    await new Promise<void>((resolve) => relay.#server.listen(0, '127.0.0.1', resolve))
    scope.defer(() => relay.#close())
    return relay
  }

  get at(): Endpoint {
    return { address: '127.0.0.1', port: (this.#server.address() as net.AddressInfo).port }
  }

  /** Nothing passes any more, and nobody is told. */
  clog(): void {
    for (const socket of this.#pairs.flat()) socket.unpipe().pause()
  }

  #close(): Promise<void> {
    for (const socket of this.#pairs.flat()) socket.destroy()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
}
