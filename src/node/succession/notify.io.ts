/** Tells the service manager how this process is doing (sd_notify(3)); nothing where nobody asked for it. */
import { ByteWriter, utf8 } from '../../base/bytes.js'
import { loadControlCalls } from '../../kernel/control-calls.io.js'

const AF_UNIX = 1
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000
const PATH_BYTES_MAX = 107
const NS_PER_US = 1_000

export class Notify {
  #timer: NodeJS.Timeout | undefined

  private constructor(
    private readonly tell: (text: string) => void,
    /** Somebody asked to be told. */
    readonly isAsked: boolean,
    private readonly watchdogMs: number,
  ) {}

  static fromEnvironment(environment: NodeJS.ProcessEnv = process.env): Notify {
    const { NOTIFY_SOCKET: at = '', WATCHDOG_USEC: watchdogUs = '' } = environment
    const everyMs = /^\d+$/.test(watchdogUs) ? Number(watchdogUs) / NS_PER_US / 2 : 0
    return new Notify(senderTo(at), at !== '', everyMs)
  }

  ready(status: string): void {
    this.#say('READY=1', status)
    // From this loop: where it stands still the manager hears nothing and begins anew. Not before: of a process that is to take
    // another's place the manager does not know yet.
    if (this.isAsked && this.watchdogMs > 0) {
      this.#timer ??= setInterval(() => this.tell('WATCHDOG=1'), this.watchdogMs).unref()
    }
  }

  /** Another process is to take this one's place: it ends with `replacedBy`, or with `ready` if nothing comes of it. */
  replacing(status: string): void {
    this.#say(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / BigInt(NS_PER_US)}`, status)
  }

  /** Before this process ends: the manager listens to the one that it knows, and goes on with the other. */
  replacedBy(pid: number): void {
    this.#say(`MAINPID=${pid}\nREADY=1`, `replaced by process ${pid}`)
    clearInterval(this.#timer)
  }

  stopping(why: string): void {
    this.#say('STOPPING=1', `stopping: ${why}`)
    clearInterval(this.#timer)
  }

  /** A status is one line. */
  #say(words: string, status: string): void {
    this.tell(`${words}\nSTATUS=${status.replace(/\s+/g, ' ')}`)
  }
}

/** A datagram is lost where nobody hears: no reason for a node not to run. */
function senderTo(at: string): (text: string) => void {
  const calls = loadControlCalls()
  const path = utf8(at)
  if (at === '' || 'why' in calls || path.byteLength > PATH_BYTES_MAX) return () => {}
  // A name that begins with @ is in no file system: its first byte is zero.
  if (at.startsWith('@')) path[0] = 0
  const name = new ByteWriter(128).u16(AF_UNIX).put(path)
  const sockaddr = (at.startsWith('@') ? name : name.u8(0)).finish()
  return (text) => {
    const fd = calls.socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0)
    if (fd < 0) return
    if (calls.connect(fd, sockaddr) === 0) calls.send(fd, utf8(text))
    calls.close(fd)
  }
}
