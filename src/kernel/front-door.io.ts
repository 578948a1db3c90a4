/**
 * A listening socket whose connections come from elsewhere: a program of the kernel hands it those to all ports of service
 * addresses (`bpf/any-port`). It is bound to a loopback address and a port that nobody knows; whoever finds it is reset.
 */
import type { Millis } from '../base/time.js'
import {
  AF_INET,
  AF_INET6,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  SO_KEEPALIVE,
  SO_OOBINLINE,
  SO_REUSEADDR,
  SOCK_STREAM_NONBLOCK_CLOEXEC,
  SOL_SOCKET,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
  TCP_NODELAY,
} from './constants.js'
import { errorName, type Lacking, loadControlCalls } from './control-calls.io.js'
import { encodeSockaddr, SOCKADDR_BYTES_MAX } from './sockaddr.js'

const BACKLOG = 4_096
const KEEPALIVE_INTERVAL_S = 1
const KEEPALIVE_PROBES = 10

/** A descriptor; what is accepted inherits the options. */
export function openFrontDoor(family: 4 | 6, keepaliveMs: Millis): number | Lacking {
  const calls = loadControlCalls()
  if ('why' in calls) return calls
  const fd = calls.socket(family === 4 ? AF_INET : AF_INET6, SOCK_STREAM_NONBLOCK_CLOEXEC, 0)
  if (fd < 0) return { why: `no socket: ${errorName(fd)}` }
  const set = (level: number, option: number, value: number) => {
    calls.setsockopt(fd, level, option, new Uint8Array(Int32Array.of(value).buffer))
  }
  set(SOL_SOCKET, SO_REUSEADDR, 1)
  set(IPPROTO_TCP, TCP_NODELAY, 1)
  set(SOL_SOCKET, SO_KEEPALIVE, 1)
  // An urgent byte is one of the others (RFC 6093, 5): left out, it would be counted by the client and by nobody else.
  set(SOL_SOCKET, SO_OOBINLINE, 1)
  set(IPPROTO_TCP, TCP_KEEPIDLE, Math.max(1, Math.floor(keepaliveMs / 1_000)))
  set(IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S)
  set(IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES)
  if (family === 6) set(IPPROTO_IPV6, IPV6_V6ONLY, 1)
  const sockaddr = new Uint8Array(SOCKADDR_BYTES_MAX)
  const length = encodeSockaddr({ address: family === 4 ? '127.0.0.1' : '::1', port: 0 }, sockaddr)
  const bound = calls.bind(fd, sockaddr.subarray(0, length))
  const result = bound < 0 ? bound : calls.listen(fd, BACKLOG)
  if (result >= 0) return fd
  calls.close(fd)
  return { why: `no listening socket on a loopback address: ${errorName(result)}` }
}
