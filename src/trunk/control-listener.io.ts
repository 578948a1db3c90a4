import net from 'node:net'
import { canonicalIp, type Endpoint, formatEndpoint, isIpv6, isPort, isWildcard } from '../base/address.js'
import { assert } from '../base/assert.js'
import { BatonError, errnoOf, messageOf } from '../base/errors.js'
import type { Millis } from '../base/time.js'

/** Strangers wait here while the loop is busy; more are refused by the kernel. */
const BACKLOG = 128

const LOOK_MS_MAX: Millis = 2_000

/** The listening socket of control links. What comes in is handed on at once: limits are the owner's. */
export class ControlListener {
  readonly #server: net.Server

  constructor(
    private readonly bind: Endpoint,
    onSocket: (socket: net.Socket) => void,
  ) {
    // Nagle's algorithm at either end costs a greeting 34 ms.
    this.#server = net.createServer({ noDelay: true }, onSocket)
  }

  /** Rejects with a BatonError that names the address and the way out. `fd`: a socket that listens already, there. */
  listen(onProblem: (errno: string) => void, fd?: number): Promise<Endpoint> {
    const { address, port } = this.bind
    const where = fd === undefined ? { host: address, port, backlog: BACKLOG } : { fd, backlog: BACKLOG }
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) => reject(listenFailed(this.bind, error)))
      this.#server.listen(where, () => {
        this.#server.removeAllListeners('error')
        // Such as a full descriptor table: one connection was lost, the listener lives.
        this.#server.on('error', (error) => onProblem(errnoOf(error) || messageOf(error)))
        const bound = this.#server.address()
        assert(typeof bound === 'object' && bound !== null, 'a listening TCP server has an address')
        resolve({ address, port: bound.port })
      })
    })
  }

  /** Of its socket; -1: none. */
  get fd(): number {
    return (this.#server as net.Server & { readonly _handle?: { readonly fd?: number } | null })._handle?.fd ?? -1
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
}

/** Dials from the address that this node is bound to, so that a peer's firewall sees what it expects. */
export function dialControl(to: Endpoint, bind: Endpoint): net.Socket {
  const sameFamily = isIpv6(to.address) === isIpv6(bind.address)
  const localAddress = isWildcard(bind.address) || !sameFamily ? undefined : bind.address
  return net.connect({ host: to.address, port: to.port, noDelay: true, ...(localAddress && { localAddress }) })
}

/** Whether anybody takes connections there. To the other side it is a stranger that says nothing and goes. */
export function lookAt(to: Endpoint, bind: Endpoint, onAnswer: (reached: boolean) => void): void {
  if (!isPort(to.port)) return queueMicrotask(() => onAnswer(false))
  const socket = dialControl(to, bind)
  let reached = false
  socket.unref()
  socket.setTimeout(LOOK_MS_MAX, () => socket.destroy())
  socket.on('connect', () => {
    reached = true
    socket.destroy()
  })
  socket.on('error', () => {})
  socket.on('close', () => onAnswer(reached))
}

/** Of an accepted socket; of one that is closed already, nowhere. */
export function remoteOf(socket: net.Socket): Endpoint {
  return { address: canonicalIp(socket.remoteAddress ?? '') ?? '0.0.0.0', port: socket.remotePort ?? 0 }
}

function listenFailed(bind: Endpoint, cause: Error): BatonError {
  const hints: Record<string, string> = {
    EADDRINUSE: 'another program, perhaps another node, listens there: stop it or choose another control port',
    EADDRNOTAVAIL: 'this host does not have that address: choose one that `ip address` shows',
    EACCES: 'ports below 1024 need a privilege: choose a higher one',
  }
  const errno = errnoOf(cause)
  const hint = hints[errno]
  return new BatonError(
    'ERR_CONTROL_BIND',
    `cannot listen on ${formatEndpoint(bind)} for control links: ${errno || cause.message}`,
    hint === undefined ? { cause } : { hint, cause },
  )
}
