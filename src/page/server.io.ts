/**
 * Serves the status page: a few paths, GET and HEAD alone. What may be asked of a node in the open is read-only and bounded: connections,
 * time, streams. A name that is not the host's own is refused, or a page elsewhere could read this one through a name that it controls.
 */
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import type { Endpoint } from '../base/address.js'
import { messageOf } from '../base/errors.js'
import type { Millis } from '../base/time.js'
import { SCRIPT, STYLE } from './assets.js'
import { renderMain, renderPage } from './page.js'
import type { Overview, PageSource } from './ports.js'
import { FRESH_MS } from './topology.js'

const CONNECTIONS_MAX = 64
const STREAMS_MAX = 16
const HEADER_BYTES_MAX = 8_192
const REQUEST_MS: Millis = 10_000
const IDLE_MS: Millis = 5_000
/** As often it is looked whose time is up; without it twice a minute. */
const CHECK_MS: Millis = 500
/** As often the page is made anew, for all who look at it: in quiet, and where something has happened a moment ago. */
const CALM_MS: Millis = 3_000
const LIVELY_MS: Millis = 1_000
/** Who asks within so long gets what others got. */
const SHARED_MS: Millis = 900
/** A stream whose reader is further behind is ended: it comes back by itself. */
const BEHIND_BYTES_MAX = 524_288
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

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
  readonly body: string
}

export class PageServer {
  readonly #streams = new Set<http.ServerResponse>()
  readonly #server: http.Server
  #tick: NodeJS.Timeout | undefined
  #isLively = false
  #isClosed = false
  #isPushing = false
  /** The part that changes, made once for all who ask within a tick. */
  #part: { readonly html: Promise<string>; readonly at: number } | undefined

  private constructor(private readonly options: PageServerOptions) {
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

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
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
    if (path === '/live' && request.method === 'GET') return this.#stream(response)
    const content = await this.#content(path)
    if (content === undefined) return refuse(response, 404, 'there is nothing here')
    const body = Buffer.from(content.body)
    response.writeHead(200, { ...HEADERS, 'content-type': content.type, 'content-length': body.byteLength })
    response.end(request.method === 'HEAD' ? undefined : body)
  }

  async #content(path: string): Promise<Content | undefined> {
    const { source } = this.options
    switch (path) {
      case '/':
        return { type: 'text/html; charset=utf-8', body: renderPage(await source.overview()) }
      case '/part':
        return { type: 'text/html; charset=utf-8', body: await this.#latest() }
      case '/page.css':
        return { type: 'text/css; charset=utf-8', body: STYLE }
      case '/page.js':
        return { type: 'text/javascript; charset=utf-8', body: SCRIPT }
      case '/overview.json':
        return { type: 'application/json', body: JSON.stringify(await source.overview()) }
      case '/metrics':
        return { type: METRICS_TYPE, body: await source.metrics() }
      default:
        return undefined
    }
  }

  #latest(): Promise<string> {
    const now = performance.now()
    if (this.#part === undefined || now - this.#part.at > SHARED_MS) {
      const made = this.options.source.overview().then((overview) => {
        this.#isLively = freshEvent(overview)
        return renderMain(overview)
      })
      this.#part = { html: made, at: now }
    }
    return this.#part.html
  }

  /** Server-sent events (HTML Living Standard, 9.2). */
  #stream(response: http.ServerResponse): void {
    if (this.#streams.size >= STREAMS_MAX) return refuse(response, 503, 'too many look at this page already')
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' })
    response.write('retry: 3000\n\n')
    this.#streams.add(response)
    response.on('close', () => void this.#streams.delete(response))
    if (this.#isPushing)
      return void this.#latest().then(
        (html) => response.write(eventOf(html)),
        () => {},
      )
    void this.#pushOn()
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
      const event = eventOf(await this.#latest())
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

function eventOf(html: string): string {
  return `data: ${JSON.stringify(html)}\n\n`
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
