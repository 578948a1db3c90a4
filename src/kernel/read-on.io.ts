/** Reads a socket out in one go, where nothing is added to what it has: its connection is over for the kernel, or it is deaf. */
import type { SocketHandler } from '../proxy/ports.js'
import { EINTR } from './constants.js'
import type { SocketContext } from './socket-context.io.js'

/** As long as `goesOn`. 0: its end was read; a negative errno; otherwise there may be more. */
export function readOn(context: SocketContext, fd: number, handler: SocketHandler, goesOn: () => boolean): number {
  let length = 1
  while ((length > 0 || length === -EINTR) && goesOn()) {
    const room = handler.room?.()
    length = room === undefined ? context.read(fd) : context.sys.readInto(fd, room)
    if (length > 0 && room === undefined) handler.onData(context.chunk(length))
    else if (length > 0) handler.onFilled?.(length)
  }
  return length
}
