/**
 * How a program asks for a connection: SOCKS 5 (RFC 1928, without authentication, CONNECT alone) or an HTTP CONNECT (RFC 9110, 9.3.6),
 * told apart by the first byte. Total: every byte string has an answer.
 */
import { canonicalIp, type Endpoint, formatEndpoint, formatIp, isPort, parseIp } from '../base/address.js'
import { ByteWriter, fromUtf8, joined, utf8 } from '../base/bytes.js'
import type { Reason } from './reasons.js'

/** `none`: the kernel has led it here, and it knows nothing of that. */
export type CallProtocol = 'socks5' | 'connect' | 'none'

/** `host`: a canonical IP address, or a name. */
export interface Wish {
  readonly host: string
  readonly port: number
}

export type Greeted =
  /** `reply` goes to the program first. */
  | { readonly type: 'more'; readonly reply: Uint8Array | undefined }
  /** `rest`: what came behind it. */
  | {
      readonly type: 'wish'
      readonly reply: Uint8Array | undefined
      readonly protocol: CallProtocol
      readonly wish: Wish
      readonly rest: Uint8Array
    }
  /** `reply` is the last word. */
  | { readonly type: 'unfit'; readonly reply: Uint8Array; readonly why: string }

const NOTHING = new Uint8Array(0)
const SOCKS_VERSION = 5
const NO_AUTHENTICATION = 0
const NO_METHOD = 0xff
const SOCKS_CONNECT = 1
const [ATYP_IPV4, ATYP_NAME, ATYP_IPV6] = [1, 3, 4] as const
const [SOCKS_FAILED, SOCKS_COMMAND, SOCKS_ATYP] = [1, 7, 8] as const
/** A head of HTTP; a name and its headers are far shorter. */
const HEAD_BYTES_MAX = 8_192
const HEAD_END = [13, 10, 13, 10]
const NAME = /^[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?$/i
const REQUEST = /^CONNECT (?:\[([^\]\s]{2,50})\]|([^\s:[\]]{1,253})):(\d{1,5}) HTTP\/1\.[01]\r\n/

/** RFC 1928, 6. */
const SOCKS_REPLIES: Readonly<Partial<Record<Reason, number>>> = {
  'not-allowed': 2,
  unreachable: 4,
  'connect-refused': 5,
  'connect-timeout': 6,
}
const HTTP_REPLIES: Readonly<Partial<Record<Reason, string>>> = {
  'not-allowed': '403 Forbidden',
  unreachable: '502 Bad Gateway',
  'connect-refused': '502 Bad Gateway',
  'connect-timeout': '504 Gateway Timeout',
}

const NO_REQUEST: Greeted = { type: 'unfit', reply: NOTHING, why: 'no request of SOCKS 5' }

/** What has come so far of a wish. */
export interface CarriedGreeting {
  readonly bytes: Uint8Array
  readonly isGreeted: boolean
}

export class CallGreeting {
  #bytes: Uint8Array
  #isGreeted: boolean

  /** As it was in another process. */
  constructor({ bytes, isGreeted }: CarriedGreeting = { bytes: NOTHING, isGreeted: false }) {
    this.#bytes = bytes
    this.#isGreeted = isGreeted
  }

  get carried(): CarriedGreeting {
    return { bytes: this.#bytes, isGreeted: this.#isGreeted }
  }

  push(chunk: Uint8Array): Greeted {
    this.#bytes = this.#bytes.byteLength === 0 ? chunk.slice() : joined(this.#bytes, chunk)
    if (this.#isGreeted) return this.#bytes[0] === SOCKS_VERSION ? this.#request() : NO_REQUEST
    if (this.#bytes[0] === SOCKS_VERSION) return this.#methods()
    return this.#head()
  }

  #methods(): Greeted {
    const count = this.#bytes[1]
    if (count === undefined || this.#bytes.byteLength < 2 + count) return { type: 'more', reply: undefined }
    const methods = this.#bytes.subarray(2, 2 + count)
    if (!methods.includes(NO_AUTHENTICATION)) {
      const reply = Uint8Array.of(SOCKS_VERSION, NO_METHOD)
      return { type: 'unfit', reply, why: 'SOCKS with authentication alone' }
    }
    this.#isGreeted = true
    this.#bytes = this.#bytes.slice(2 + count)
    const reply = Uint8Array.of(SOCKS_VERSION, NO_AUTHENTICATION)
    if (this.#bytes.byteLength === 0) return { type: 'more', reply }
    // It did not wait for the answer, and has it before whatever comes of this.
    const next = this.#bytes[0] === SOCKS_VERSION ? this.#request() : NO_REQUEST
    return next.type === 'unfit' ? { ...next, reply: joined(reply, next.reply) } : { ...next, reply }
  }

  #request(): Greeted {
    const bytes = this.#bytes
    if (bytes.byteLength < 5) return { type: 'more', reply: undefined }
    if (bytes[1] !== SOCKS_CONNECT) {
      return { type: 'unfit', reply: socksReply(SOCKS_COMMAND), why: `SOCKS command ${bytes[1]}` }
    }
    const start = bytes[3] === ATYP_NAME ? 5 : 4
    const length = { [ATYP_IPV4]: 4, [ATYP_IPV6]: 16, [ATYP_NAME]: bytes[4] as number }[bytes[3] as 1 | 3 | 4]
    if (length === undefined) {
      return { type: 'unfit', reply: socksReply(SOCKS_ATYP), why: `SOCKS address type ${bytes[3]}` }
    }
    const end = start + length
    if (bytes.byteLength < end + 2) return { type: 'more', reply: undefined }
    const raw = bytes.subarray(start, end)
    const text = bytes[3] === ATYP_NAME ? fromUtf8(raw) : formatIp(raw)
    const wish = wishOf(text, ((bytes[end] as number) << 8) | (bytes[end + 1] as number))
    if (wish === undefined) return { type: 'unfit', reply: socksReply(SOCKS_FAILED), why: 'no host and port' }
    return { type: 'wish', reply: undefined, protocol: 'socks5', wish, rest: bytes.slice(end + 2) }
  }

  #head(): Greeted {
    const bytes = this.#bytes
    const end = endOfHead(bytes)
    if (end < 0 && bytes.byteLength < HEAD_BYTES_MAX && couldBeHttp(bytes)) return { type: 'more', reply: undefined }
    const match = end < 0 ? null : REQUEST.exec(fromUtf8(bytes.subarray(0, Math.min(end, 512))))
    if (match === null) {
      const isHttp = end >= 0 || bytes.byteLength >= HEAD_BYTES_MAX
      const reply = isHttp ? httpReply('405 Method Not Allowed', 'ask with CONNECT host:port') : NOTHING
      return { type: 'unfit', reply, why: 'neither SOCKS 5 nor HTTP CONNECT' }
    }
    const wish = wishOf(match[1] ?? match[2] ?? '', Number(match[3]))
    const problem = httpReply('400 Bad Request', 'no host and port')
    if (wish === undefined) return { type: 'unfit', reply: problem, why: 'no host and port' }
    return { type: 'wish', reply: undefined, protocol: 'connect', wish, rest: bytes.slice(end) }
  }
}

/** The connection stands; `bound` is its near end. Empty: nothing is said. */
export function acceptance(protocol: CallProtocol, bound: Endpoint): Uint8Array {
  if (protocol === 'none') return NOTHING
  if (protocol === 'socks5') return socksReply(0, bound)
  return utf8(`HTTP/1.1 200 Connection established\r\nX-Baton-From: ${formatEndpoint(bound)}\r\n\r\n`)
}

export function refusal(protocol: Exclude<CallProtocol, 'none'>, reason: Reason, detail: string): Uint8Array {
  if (protocol === 'socks5') return socksReply(SOCKS_REPLIES[reason] ?? SOCKS_FAILED)
  return httpReply(HTTP_REPLIES[reason] ?? '503 Service Unavailable', `${reason}: ${detail}`)
}

function socksReply(code: number, { address, port }: Endpoint = { address: '0.0.0.0', port: 0 }): Uint8Array {
  const ip = parseIp(address) ?? new Uint8Array(4)
  const type = ip.byteLength === 4 ? ATYP_IPV4 : ATYP_IPV6
  return new ByteWriter()
    .u8(SOCKS_VERSION)
    .u8(code)
    .u8(0)
    .u8(type)
    .put(ip)
    .u8(port >> 8)
    .u8(port & 255)
    .view()
    .slice()
}

function httpReply(status: string, detail: string): Uint8Array {
  const body = `${detail.replace(/[^ -~]/g, '?')}\n`
  const head = `HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`
  return utf8(head + body).slice()
}

function wishOf(text: string, port: number): Wish | undefined {
  const host = canonicalIp(text) ?? (NAME.test(text) && !/^[\d.]+$/.test(text) ? text : undefined)
  return host === undefined || !isPort(port) ? undefined : { host, port }
}

function endOfHead(bytes: Uint8Array): number {
  for (let at = 0; at + HEAD_END.length <= bytes.byteLength; at++) {
    if (HEAD_END.every((byte, i) => bytes[at + i] === byte)) return at + HEAD_END.length
  }
  return -1
}

/** A method begins with a capital letter. */
function couldBeHttp(bytes: Uint8Array): boolean {
  const first = bytes[0]
  return first === undefined || (first >= 65 && first <= 90)
}
