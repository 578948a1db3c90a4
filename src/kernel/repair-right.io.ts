import { AF_INET, IPPROTO_TCP, SOCK_STREAM_NONBLOCK_CLOEXEC, TCP_REPAIR } from './constants.js'
import { errorName, loadControlCalls } from './control-calls.io.js'

/** '' where sockets may be read out and rebuilt, else why not. */
export function mayRepair(): string {
  const calls = loadControlCalls()
  if ('why' in calls) return calls.why
  const fd = calls.socket(AF_INET, SOCK_STREAM_NONBLOCK_CLOEXEC, 0)
  if (fd < 0) return `no socket: ${errorName(fd)}`
  const result = calls.setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, new Uint8Array(Int32Array.of(1).buffer))
  calls.close(fd)
  return result < 0 ? `TCP_REPAIR is refused: ${errorName(result)}` : ''
}
