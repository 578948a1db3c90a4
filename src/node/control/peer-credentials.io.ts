import type { Socket } from 'node:net'
import { loadControlCalls } from '../../kernel/control-calls.io.js'

/** Who is at the other end of a unix socket, as the kernel noted it at connect(2). */
export interface PeerCredentials {
  readonly pid: number
  readonly uid: number
  readonly gid: number
}

const SOL_SOCKET = 1
const SO_PEERCRED = 17
const UCRED_WORDS = 3

/** `undefined`: this host cannot tell (no system calls), or it is no unix socket any more. */
export function peerCredentials(socket: Socket): PeerCredentials | undefined {
  const { fd = -1 } = (Reflect.get(socket, '_handle') ?? {}) as { fd?: number }
  const calls = loadControlCalls()
  if (fd < 0 || 'why' in calls) return undefined
  const ucred = new Int32Array(UCRED_WORDS)
  const bytes = new Uint8Array(ucred.buffer)
  if (calls.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, bytes) !== 0) return undefined
  const [pid = 0, uid = 0, gid = 0] = ucred
  // Unsigned in the kernel; of a process in another namespace the pid is 0 and the user 65534.
  return { pid, uid: uid >>> 0, gid: gid >>> 0 }
}
