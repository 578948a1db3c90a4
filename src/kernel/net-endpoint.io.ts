/**
 * Sockets on node:net: portable, no privilege. Known costs against system calls of our own: every write copies its chunk
 * (node:net keeps what the kernel does not take), and an RST is only noticed while reading or writing.
 */
import net from 'node:net'
import { getSystemErrorName } from 'node:util'
import type { Endpoint as SocketAddress } from '../base/address.js'
import { errnoOf } from '../base/errors.js'
import type {
  CloseCause,
  DialOptions,
  Listener,
  ListenHandler,
  ListenOptions,
  Socket,
  SocketHandler,
  Sockets,
} from '../proxy/ports.js'
import { causeOf } from './close-causes.js'
import { type Libc, loadLibc } from './libc.io.js'

/** What node:net reads ahead and keeps of writes before it says stop. */
const HIGH_WATER_BYTES = 65_536

/** net.Socket without its types' gaps: the handle is how Node itself reaches the descriptor. */
interface WithHandle {
  readonly _handle?: { readonly fd?: number } | null
}

/** An exception out of a socket's handler. `fd` is -1 where the socket is closed already. */
type OnFault = (error: unknown, fd: number, handler: SocketHandler) => void

/** To whoever catches what nobody caught. */
function rethrow(error: unknown): never {
  throw error
}

export class NetSockets implements Sockets {
  readonly engine = 'net'
  readonly #libc: Libc | undefined

  constructor(private readonly onFault: OnFault = rethrow) {
    const libc = loadLibc()
    this.#libc = 'why' in libc ? undefined : libc
  }

  dial(to: SocketAddress, options: DialOptions): Socket {
    const socket = new net.Socket({ allowHalfOpen: true, highWaterMark: HIGH_WATER_BYTES } as net.SocketConstructorOpts)
    // Paused before it connects, or Node would read at once.
    socket.pause()
    const local = options.from === undefined ? {} : { localAddress: options.from }
    const keepalive = { keepAlive: true, keepAliveInitialDelay: options.keepaliveMs }
    socket.connect({
      host: to.address,
      port: to.port,
      noDelay: true,
      ...keepalive,
      ...local,
    } as net.TcpSocketConnectOpts)
    const late = setTimeout(() => socket.destroy(systemError('ETIMEDOUT')), options.connectMs)
    socket.once('connect', () => clearTimeout(late))
    socket.once('close', () => clearTimeout(late))
    return new NetSocket(socket, to, this.#libc, this.onFault)
  }

  listen(at: SocketAddress, options: ListenOptions, handler: ListenHandler): Listener {
    const server = net.createServer({
      allowHalfOpen: true,
      pauseOnConnect: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: options.keepaliveMs,
      highWaterMark: HIGH_WATER_BYTES,
    })
    let listening = false
    let closed = false
    server.on('error', (error) => {
      if (!closed) handler.onProblem(errnoOf(error), !listening)
    })
    server.on('listening', () => {
      listening = true
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : at.port
      if (!closed) handler.onListening({ address: at.address, port })
    })
    server.on('connection', (socket) => {
      // A client that has gone again before it was accepted has no address any more.
      if (closed || socket.remoteAddress === undefined) socket.destroy()
      else handler.onAccept(new NetSocket(socket, peerOf(socket), this.#libc, this.onFault))
    })
    server.listen({ host: at.address, port: at.port, backlog: options.backlog, exclusive: true })
    return {
      close: () => {
        closed = true
        server.close()
      },
    }
  }
}

class NetSocket implements Socket {
  #error = ''
  #aborted = false
  #local: SocketAddress | undefined
  #handler: SocketHandler | undefined

  constructor(
    private readonly socket: net.Socket,
    readonly remote: SocketAddress,
    private readonly libc: Libc | undefined,
    private readonly onFault: OnFault,
  ) {
    socket.on('error', (error) => {
      this.#error ||= errnoOf(error) || error.message
    })
  }

  get fd(): number {
    return (this.socket as WithHandle)._handle?.fd ?? -1
  }

  get local(): SocketAddress {
    if (this.#local === undefined && this.socket.localAddress !== undefined) {
      this.#local = { address: unmapped(this.socket.localAddress), port: this.socket.localPort ?? 0 }
    }
    return this.#local ?? { address: '0.0.0.0', port: 0 }
  }

  attach(handler: SocketHandler): void {
    const isFirst = this.#handler === undefined
    this.#handler = handler
    if (!isFirst) return
    this.#on('connect', (hearer) => hearer.onOpen())
    this.#on('data', (hearer, chunk: Buffer) => hearer.onData(chunk))
    // Listening for data sets a stream flowing unless it was paused by name.
    this.socket.pause()
    this.#on('end', (hearer) => {
      if (!this.#hasFailed()) hearer.onEnd()
    })
    this.#on('drain', (hearer) => hearer.onDrain())
    // Told also of what `write` had not to keep: node:net hands it to the kernel later than it says.
    this.#on('finish', (hearer) => {
      if (!this.#hasFailed()) hearer.onDrain()
    })
    this.#on('close', (hearer) => hearer.onClose(this.#cause(), this.#error))
  }

  write(chunk: Uint8Array): boolean {
    if (this.socket.destroyed || this.socket.writableEnded) return true
    return this.socket.write(Buffer.from(chunk))
  }

  end(): void {
    this.socket.end()
  }

  reset(): void {
    this.#aborted = true
    const { socket } = this
    if (socket.connecting || this.libc?.lingerNot(this.fd) === true) socket.destroy()
    // Without that call: libuv refuses between shutdown's request and its end, and Node then forgets the open handle.
    else if (isShuttingDown(socket)) socket.once('finish', () => socket.resetAndDestroy())
    else socket.resetAndDestroy()
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  queued(): number {
    return this.socket.writableLength
  }

  unacknowledged(): number | undefined {
    return this.libc?.unacknowledged(this.fd)
  }

  /** Whoever hears the socket when it happens. */
  #on<Args extends unknown[]>(event: string, act: (hearer: SocketHandler, ...args: Args) => void): void {
    this.socket.on(event, (...args: Args) => {
      const handler = this.#handler
      if (handler === undefined) return
      try {
        act(handler, ...args)
      } catch (error) {
        this.onFault(error, this.fd, handler)
      }
    })
  }

  /**
   * An RST that Node has not noticed. It takes the shutdown of a socket that was reset for a success; and libuv reports
   * an RST that arrives behind unread bytes as the end of the stream, so that half a file would look like a whole one.
   */
  #hasFailed(): boolean {
    const errno = this.libc?.takeError(this.fd) ?? 0
    if (errno !== 0) this.socket.destroy(systemError(getSystemErrorName(-errno)))
    return errno !== 0
  }

  #cause(): CloseCause {
    if (this.#aborted) return 'aborted'
    if (this.#error !== '') return causeOf(this.#error)
    return 'ended'
  }
}

function isShuttingDown({ writableEnded, writableFinished, writableLength, destroyed }: net.Socket): boolean {
  return writableEnded && !writableFinished && writableLength === 0 && !destroyed
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code })
}

function peerOf(socket: net.Socket): SocketAddress {
  return { address: unmapped(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 }
}

/** A dual-stack listener shows IPv4 peers as `::ffff:a.b.c.d`. */
function unmapped(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}
