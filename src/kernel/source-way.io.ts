/** Sets up and takes down what source-way describes; and tries whether this process may. */
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { errnoOf, messageOf } from '../base/errors.js'
import {
  AF_INET,
  EAFNOSUPPORT,
  IP_TRANSPARENT,
  IPPROTO_IP,
  SO_MARK,
  SOCK_STREAM_NONBLOCK_CLOEXEC,
  SOL_SOCKET,
} from './constants.js'
import { errorName, loadControlCalls } from './control-calls.io.js'
import { Netlink } from './netlink/netlink.io.js'
import { CLIENT_MARK } from './source-way.js'

const SETTINGS = '/proc/sys/net/'
/** An accepted socket has the mark of its SYN, over IPv6 too (Documentation/networking/ip-sysctl.rst). */
const ACCEPT = 'ipv4/tcp_fwmark_accept'
/** So has an RST from a port that nobody listens on: a dial is refused at once, instead of after its time. */
const REFLECT = ['ipv4/fwmark_reflect', 'ipv6/fwmark_reflect'] as const
const ON = '1'

export class SourceWay {
  readonly #before = new Map<string, string>()

  constructor(private readonly settings = SETTINGS) {}

  /** What is in the way; '' when all is there. Again and again: tools that tidy networks up know nothing of us. */
  setUp(): string {
    const why = mayUseSources() || this.#set(ACCEPT)
    if (why !== '') return why
    // One may be missing, where IPv6 is switched off.
    for (const name of REFLECT) this.#set(name)
    const netlink = Netlink.open()
    if ('why' in netlink) return netlink.why
    const result = netlink.keepMarked(true)
    netlink.close()
    return result === 0 || result === -EAFNOSUPPORT ? '' : `no rule or route: ${errorName(result)}`
  }

  /** Also what an earlier process has left, but for its settings: without marks they do nothing. */
  takeDown(): void {
    for (const [name, value] of this.#before) this.#write(name, value)
    this.#before.clear()
    const netlink = Netlink.open()
    if ('why' in netlink) return
    netlink.keepMarked(false)
    netlink.close()
  }

  #set(name: string): string {
    try {
      const value = readFileSync(this.settings + name, 'utf8').trim()
      if (value === ON) return ''
      writeFileSync(this.settings + name, ON)
      if (!this.#before.has(name)) this.#before.set(name, value)
      return ''
    } catch (error) {
      return `net.${name.replaceAll('/', '.')} cannot be set: ${errnoOf(error) || messageOf(error)}`
    }
  }

  #write(name: string, value: string): void {
    try {
      writeFileSync(this.settings + name, value)
    } catch {
      // It was written once; whoever has made it read-only since then keeps it.
    }
  }
}

/** '' where connections may be made from addresses of others, else why not; for `baton doctor`, which changes nothing. */
export function whyNoSources(): string {
  const why = mayUseSources()
  if (why !== '') return why
  try {
    // access(2) would look at the user alone, whom a right may stand in for.
    if (readFileSync(SETTINGS + ACCEPT, 'utf8').trim() !== ON) closeSync(openSync(SETTINGS + ACCEPT, 'r+'))
    return ''
  } catch (error) {
    return `net.ipv4.tcp_fwmark_accept cannot be set: ${errnoOf(error) || messageOf(error)}`
  }
}

function mayUseSources(): string {
  const calls = loadControlCalls()
  if ('why' in calls) return calls.why
  const fd = calls.socket(AF_INET, SOCK_STREAM_NONBLOCK_CLOEXEC, 0)
  if (fd < 0) return `no socket: ${errorName(fd)}`
  const word = (value: number) => new Uint8Array(Int32Array.of(value).buffer)
  const transparent = calls.setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, word(1))
  const marked = calls.setsockopt(fd, SOL_SOCKET, SO_MARK, word(CLIENT_MARK))
  calls.close(fd)
  if (transparent < 0) return `IP_TRANSPARENT is refused: ${errorName(transparent)}`
  return marked < 0 ? `SO_MARK is refused: ${errorName(marked)}` : ''
}
