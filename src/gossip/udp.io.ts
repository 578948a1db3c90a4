import dgram from 'node:dgram'
import { canonicalIp, type Endpoint, isIpv6 } from '../base/address.js'
import { BatonError, errnoOf, messageOf } from '../base/errors.js'
import type { KeyChoice } from './key-choice.js'
import type { DatagramPort } from './ports.js'
import type { Opener, RefusalReason, Sealer } from './seal.js'

export interface UdpOptions {
  /** Port 0: any free one. */
  readonly bind: Endpoint
  /** A socket that is bound already, there. */
  readonly fd?: number | undefined
  readonly sealer: Sealer
  readonly opener: Opener
  /** Which key whoever is at an address can open; the sealer's if not given. */
  readonly keys?: Pick<KeyChoice, 'keyFor' | 'heard'>
  /** Opened and not seen before. Called from the socket's event, never from within `send`. */
  readonly onDatagram: (from: Endpoint, content: Uint8Array) => void
  /** Somebody without the key, or a replay: count it, do not log each. */
  readonly onRefused?: (from: Endpoint, why: RefusalReason) => void
  /** A send that the system refused (ENETUNREACH, EPERM by a firewall, ECONNREFUSED by ICMP), or a sick socket. */
  readonly onProblem?: (errno: string, to: Endpoint | undefined) => void
}

export type UdpOpened =
  | { readonly type: 'open'; readonly port: UdpPort }
  | { readonly type: 'failed'; readonly error: BatonError }

/** Room for a burst from many members while the loop is busy; the kernel may grant less. */
const RECEIVE_BUFFER_BYTES = 1 << 20

/** Binds the gossip socket. Never rejects. */
export function openUdp(options: UdpOptions): Promise<UdpOpened> {
  const { bind, opener } = options
  const socket = dgram.createSocket({ type: isIpv6(bind.address) ? 'udp6' : 'udp4' })
  socket.on('message', (datagram, { address, port }) => {
    const canonical = canonicalIp(address)
    // Link-local addresses with a zone cannot be answered by address alone; members never publish them.
    if (canonical === undefined || port === 0) return
    const from = { address: canonical, port }
    const opened = opener.open(datagram)
    if (opened.type === 'opened') {
      options.keys?.heard(from, opened.key)
      options.onDatagram(from, opened.content)
    } else options.onRefused?.(from, opened.why)
  })
  return new Promise((resolve) => {
    socket.once('error', (error) => {
      socket.close()
      resolve({ type: 'failed', error: bindFailed(bind, error) })
    })
    const { fd } = options
    socket.bind(fd === undefined ? { port: bind.port, address: bind.address } : { fd }, () => {
      socket.removeAllListeners('error')
      socket.on('error', (error) => options.onProblem?.(errnoOf(error) || messageOf(error), undefined))
      enlargeReceiveBuffer(socket)
      const { port } = socket.address()
      resolve({ type: 'open', port: new UdpPort(socket, { address: bind.address, port }, options) })
    })
  })
}

export class UdpPort implements DatagramPort {
  #closed = false

  constructor(
    private readonly socket: dgram.Socket,
    readonly local: Endpoint,
    private readonly options: UdpOptions,
  ) {}

  /** Of its socket; -1: Node does not tell. */
  get fd(): number {
    const state = Object.getOwnPropertySymbols(this.socket).find(({ description }) => description === 'state symbol')
    const { handle } = (state === undefined ? {} : Reflect.get(this.socket, state)) as { handle?: { fd?: number } }
    return handle?.fd ?? -1
  }

  send(to: Endpoint, payload: Uint8Array): void {
    if (this.#closed) return
    const failed = (error: Error) => this.options.onProblem?.(errnoOf(error) || messageOf(error), to)
    try {
      this.socket.send(
        this.options.sealer.seal(payload, this.options.keys?.keyFor(to)),
        to.port,
        to.address,
        (error) => {
          if (error !== null) failed(error)
        },
      )
    } catch (error) {
      // node:dgram throws at once for a port that it does not like; a peer chose that port.
      failed(error instanceof Error ? error : new Error(messageOf(error)))
    }
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve()
    this.#closed = true
    return new Promise((resolve) => this.socket.close(resolve))
  }
}

function enlargeReceiveBuffer(socket: dgram.Socket): void {
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES)
  } catch {
    // A smaller buffer only loses datagrams sooner, and gossip is made for loss.
  }
}

function bindFailed(bind: Endpoint, cause: Error): BatonError {
  const hints: Record<string, string> = {
    EADDRINUSE: 'another program, perhaps another node, uses this UDP port: stop it or choose another gossip port',
    EADDRNOTAVAIL: 'this host does not have that address: choose one that `ip address` shows',
    EACCES: 'ports below 1024 need a privilege: choose a higher one',
  }
  const hint = hints[errnoOf(cause)]
  return new BatonError(
    'ERR_GOSSIP_BIND',
    `cannot bind UDP ${bind.address} port ${bind.port} for gossip: ${errnoOf(cause) || cause.message}`,
    hint === undefined ? { cause } : { hint, cause },
  )
}
