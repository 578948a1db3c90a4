import net from 'node:net'
import type { Endpoint } from '../../base/address.js'
import type { Clock } from '../../base/clock.js'
import type { Millis } from '../../base/time.js'

/** A new attempt begins so often, beside those that wait: a SYN that is lost comes again after a second only (RFC 6298). */
export const PROBE_EVERY_MS: Millis = 10
const OPEN_MAX = 64

export interface FirstConnection {
  /** When the first handshake was complete; `undefined`: none within the limit. */
  readonly at: Promise<Millis | undefined>
  stop(): void
}

/** Tries to connect until one attempt succeeds; that one is ended at once, without a word. */
export function firstConnection(to: Endpoint, clock: Pick<Clock, 'now'>, limitMs: Millis): FirstConnection {
  const open = new Set<net.Socket>()
  const end = clock.now() + limitMs
  let finish: (at: Millis | undefined) => void = () => {}
  const at = new Promise<Millis | undefined>((resolve) => {
    finish = (when) => {
      clearInterval(timer)
      for (const socket of open) socket.destroy()
      resolve(when)
    }
  })
  const attempt = () => {
    if (clock.now() >= end) return finish(undefined)
    if (open.size >= OPEN_MAX) {
      const [oldest] = open
      oldest?.destroy()
    }
    const socket = net.connect({ host: to.address, port: to.port })
    open.add(socket)
    socket.on('connect', () => finish(clock.now()))
    socket.on('error', () => {})
    socket.on('close', () => open.delete(socket))
  }
  const timer = setInterval(attempt, PROBE_EVERY_MS)
  attempt()
  return { at, stop: () => finish(undefined) }
}
