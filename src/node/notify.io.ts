/** Tells the service manager how this process is doing (sd_notify(3)); nothing where nobody asked for it. */
import { ByteWriter, utf8 } from '../base/bytes.js'
import { loadControlCalls } from '../kernel/control-calls.io.js'

const AF_UNIX = 1
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000
const PATH_BYTES_MAX = 107
const NS_PER_US = 1_000

export class Notify {
  #timer: NodeJS.Timeout | undefined

  private constructor(private readonly tell: (text: string) => void) {}

  static fromEnvironment(environment: NodeJS.ProcessEnv = process.env): Notify {
    const { NOTIFY_SOCKET: at = '', WATCHDOG_USEC: watchdogUs = '' } = environment
    const notify = new Notify(senderTo(at))
    // From this loop: where it stands still the manager hears nothing and begins anew.
    const everyMs = /^\d+$/.test(watchdogUs) ? Number(watchdogUs) / NS_PER_US / 2 : 0
    if (at !== '' && everyMs > 0) notify.#timer = setInterval(() => notify.tell('WATCHDOG=1'), everyMs).unref()
    return notify
  }

  ready(status: string): void {
    this.tell(`READY=1\nSTATUS=${status}`)
  }

  /** Before this process ends: the manager listens to the one that it knows, and goes on with the other. */
  replacedBy(pid: number): void {
    this.tell(`MAINPID=${pid}\nREADY=1\nSTATUS=replaced by process ${pid}`)
    clearInterval(this.#timer)
  }

  stopping(why: string): void {
    this.tell(`STOPPING=1\nSTATUS=stopping: ${why}`)
    clearInterval(this.#timer)
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
