/**
 * Serves the status page: a few paths, GET and HEAD alone. What may be asked of a node in the open is read-only and bounded: connections,
 * time, streams, and how long an answer may be left lying. A name that is not the host's own is refused, or a page elsewhere could read this one through a name that it controls.
 */
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import type { Endpoint } from '../base/address.js'
import { messageOf } from '../base/errors.js'
import type { Millis } from '../base/time.js'
import { SCRIPT, STYLE } from './assets.js'
import { renderMain, renderPage } from './page.js'
import type { Overview, PageSource } from './ports.js'
import { Shared } from './shared.js'
import { FRESH_MS } from './topology.js'

const CONNECTIONS_MAX = 64
/** One guest leaves room for others. */
const CONNECTIONS_PER_ADDRESS_MAX = 16
const STREAMS_MAX = 16
const STREAMS_PER_ADDRESS_MAX = 8
/** Then the guest comes anew, and stands in line with all others. */
const REQUESTS_PER_CONNECTION_MAX = 100
const HEADER_BYTES_MAX = 8_192
const REQUEST_MS: Millis = 10_000
/** In which an answer is taken: Node.js bounds how long one may ask, not how long one may leave the answer lying. */
const ANSWER_MS: Millis = 10_000
const IDLE_MS: Millis = 5_000
/** As often it is looked whose time is up; without it twice a minute. */
const CHECK_MS: Millis = 500
/** As often the page is made anew, for all who look at it: in quiet, and where something has happened a moment ago. */
const CALM_MS: Millis = 3_000
const LIVELY_MS: Millis = 1_000
/** A stream whose reader is further behind is ended: it comes back by itself. */
const BEHIND_BYTES_MAX = 524_288
const HTML_TYPE = 'text/html; charset=utf-8'
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

const STYLE_BYTES = Buffer.from(STYLE)
const SCRIPT_BYTES = Buffer.from(SCRIPT)

const HEADERS: http.OutgoingHttpHeaders = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

export interface PageServerOptions {
  readonly at: Endpoint
  readonly source: PageSource
  /** Names of this host, as a browser may call it; addresses may always be used. */
  readonly names: readonly string[]
}

interface Content {
  readonly type: string
  readonly body: Buffer
}

export class PageServer {
  readonly #streams = new Set<http.ServerResponse>()
  readonly #server: http.Server
  #tick: NodeJS.Timeout | undefined
  #isLively = false
  #isClosed = false
  #isPushing = false
  /** Connections by the address of who made them. */
  readonly #guests = new Map<string, number>()
  readonly #asked = new WeakMap<net.Socket, number>()
  /** What changes, made once for all who ask within a tick. */
  readonly #overview: Shared<Overview>
  readonly #metrics: Shared<Buffer>
  /** By path: what was made of the overview that is named. */
  readonly #made = new Map<string, { readonly of: Overview; readonly body: Buffer }>()

  private constructor(private readonly options: PageServerOptions) {
    const { source } = options
    const now = () => performance.now()
    this.#overview = new Shared(async () => {
      const overview = await source.overview()
      this.#isLively = freshEvent(overview)
      return overview
    }, now)
    this.#metrics = new Shared(async () => Buffer.from(await source.metrics()), now)
    this.#server = http.createServer(
      {
        maxHeaderSize: HEADER_BYTES_MAX,
        requestTimeout: REQUEST_MS,
        headersTimeout: IDLE_MS,
        keepAliveTimeout: IDLE_MS,
        connectionsCheckingInterval: CHECK_MS,
      },
      (request, response) => {
        this.#answer(request, response).catch((error: unknown) => fail(response, error))
      },
    )
    this.#server.maxConnections = CONNECTIONS_MAX
    this.#server.on('connection', (socket) => this.#receive(socket))
    this.#server.on('clientError', (_error, socket) => socket.destroy())
  }

  /** Rejects with the error of the socket where that address cannot be listened on. */
  static open(options: PageServerOptions): Promise<PageServer> {
    const page = new PageServer(options)
    return new Promise((resolve, reject) => {
      page.#server.once('error', reject)
      page.#server.listen({ host: options.at.address, port: options.at.port }, () => {
        page.#server.off('error', reject)
        page.#server.on('error', () => {})
        resolve(page)
      })
    })
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  close(): Promise<void> {
    clearTimeout(this.#tick)
    this.#isClosed = true
    for (const stream of this.#streams) stream.destroy()
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    return closed
  }

  #receive(socket: net.Socket): void {
    const address = addressOf(socket)
    const count = (this.#guests.get(address) ?? 0) + 1
    this.#guests.set(address, count)
    socket.once('close', () => {
      const left = (this.#guests.get(address) ?? 0) - 1
      if (left > 0) this.#guests.set(address, left)
      else this.#guests.delete(address)
    })
    if (count > CONNECTIONS_PER_ADDRESS_MAX) socket.destroy()
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    // Not `maxRequestsPerSocket`, by which the connection goes on, and what comes on it is answered for ever without a time limit.
    const asked = (this.#asked.get(request.socket) ?? 0) + 1
    this.#asked.set(request.socket, asked)
    if (asked > REQUESTS_PER_CONNECTION_MAX) return
    if (asked === REQUESTS_PER_CONNECTION_MAX) response.setHeader('connection', 'close')
    // Streams have a limit of their own; until then they are answers like others.
    const late = setTimeout(() => request.socket.destroy(), ANSWER_MS)
    late.unref()
    response.once('finish', () => clearTimeout(late)).once('close', () => clearTimeout(late))
    // Nothing that a request carries is read.
    if (request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined)
      response.setHeader('connection', 'close')
    if (!isOwnName(request.headers.host, this.options.names)) {
      return refuse(response, 421, 'ask for this page by an address of its host')
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      return refuse(response, 405, 'this page is only read')
    }
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
    if (path === '/live' && request.method === 'GET') {
      clearTimeout(late)
      return this.#stream(request.socket, response)
    }
    const content = await this.#content(path)
    if (content === undefined) return refuse(response, 404, 'there is nothing here')
    const { type, body } = content
    response.writeHead(200, { ...HEADERS, 'content-type': type, 'content-length': body.byteLength })
    response.end(request.method === 'HEAD' ? undefined : body)
  }

  async #content(path: string): Promise<Content | undefined> {
    switch (path) {
      case '/':
        return { type: HTML_TYPE, body: await this.#view(path, renderPage) }
      case '/part':
        return { type: HTML_TYPE, body: await this.#view(path, renderMain) }
      case '/page.css':
        return { type: 'text/css; charset=utf-8', body: STYLE_BYTES }
      case '/page.js':
        return { type: 'text/javascript; charset=utf-8', body: SCRIPT_BYTES }
      case '/overview.json':
        return { type: 'application/json', body: await this.#view(path, JSON.stringify) }
      case '/metrics':
        return { type: METRICS_TYPE, body: await this.#metrics.get() }
      default:
        return undefined
    }
  }

  async #view(path: string, render: (overview: Overview) => string): Promise<Buffer> {
    const overview = await this.#overview.get()
    const made = this.#made.get(path)
    if (made?.of === overview) return made.body
    const body = Buffer.from(render(overview))
    this.#made.set(path, { of: overview, body })
    return body
  }

  /** Server-sent events (HTML Living Standard, 9.2). */
  #stream(socket: net.Socket, response: http.ServerResponse): void {
    const address = addressOf(socket)
    const own = [...this.#streams].filter((stream) => stream.socket && addressOf(stream.socket) === address).length
    if (this.#streams.size >= STREAMS_MAX || own >= STREAMS_PER_ADDRESS_MAX) {
      return refuse(response, 503, 'too many look at this page already')
    }
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' })
    response.write('retry: 3000\n\n')
    this.#streams.add(response)
    response.on('close', () => void this.#streams.delete(response))
    if (!this.#isPushing) return void this.#pushOn()
    this.#view('/live', renderEvent).then(
      (event) => response.write(event),
      () => {},
    )
  }

  /** For as long as somebody looks. */
  async #pushOn(): Promise<void> {
    this.#isPushing = true
    while (this.#streams.size > 0 && !this.#isClosed) {
      await this.#push()
      await new Promise((resolve) => {
        this.#tick = setTimeout(resolve, this.#isLively ? LIVELY_MS : CALM_MS)
      })
    }
    this.#isPushing = false
  }

  async #push(): Promise<void> {
    try {
      const event = await this.#view('/live', renderEvent)
      for (const stream of this.#streams) {
        if (stream.writableLength > BEHIND_BYTES_MAX) stream.destroy()
        else stream.write(event)
      }
    } catch {
      // A lane did not answer: those who look see for themselves that nothing comes.
    }
  }
}

function freshEvent({ events: [latest], at }: Overview): boolean {
  return latest !== undefined && at - latest.at < FRESH_MS
}

function renderEvent(overview: Overview): string {
  return `data: ${JSON.stringify(renderMain(overview))}\n\n`
}

/** One that is gone already has none. */
function addressOf(socket: net.Socket): string {
  return socket.remoteAddress ?? ''
}

/** A browser says the name that its user typed, or that a page elsewhere had it resolve: only an address is nobody's to choose. */
export function isOwnName(host: string | undefined, names: readonly string[]): boolean {
  if (host === undefined) return false
  const name = /^\[(.+)\](?::\d+)?$/.exec(host)?.[1] ?? host.replace(/:\d+$/, '')
  return net.isIP(name) !== 0 || ['localhost', ...names].includes(name.toLowerCase())
}

function refuse(response: http.ServerResponse, status: number, why: string): void {
  const body = `${why}\n`
  response.writeHead(status, {
    ...HEADERS,
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}

function fail(response: http.ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy()
  else refuse(response, 503, messageOf(error))
}
