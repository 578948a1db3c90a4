import type { CloseCause } from '../proxy/ports.js'

const CAUSES: Readonly<Record<string, CloseCause>> = {
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ECONNABORTED: 'reset',
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timeout',
  EMFILE: 'exhausted',
  ENFILE: 'exhausted',
  ENOBUFS: 'exhausted',
  ENOMEM: 'exhausted',
  ENOSPC: 'exhausted',
  EAGAIN: 'exhausted',
  EADDRINUSE: 'exhausted',
}

/** What the system's word for a failure means to the data plane, alike in all engines. */
export function causeOf(errno: string): CloseCause {
  return CAUSES[errno] ?? 'unreachable'
}
