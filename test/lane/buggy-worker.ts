/** A lane's thread with a bug: whoever hears BUG from its socket throws. */
import { runLane } from '../../src/lane/thread.io.js'
import type { Socket, SocketHandler, Sockets } from '../../src/proxy/ports.js'

runLane(buggy)

function buggy(sockets: Sockets): Sockets {
  return {
    engine: sockets.engine,
    dial: (to, options) => sockets.dial(to, options),
    listen: (at, options, handler) =>
      sockets.listen(at, options, { ...handler, onAccept: (socket) => handler.onAccept(withBug(socket)) }),
  }
}

function withBug(socket: Socket): Socket {
  const attach = socket.attach.bind(socket)
  socket.attach = (handler: SocketHandler) => {
    attach({
      onOpen: () => handler.onOpen(),
      onData: (chunk) => {
        if (new TextDecoder().decode(chunk) === 'BUG') throw new Error('a bug')
        handler.onData(chunk)
      },
      onEnd: () => handler.onEnd(),
      onDrain: () => handler.onDrain(),
      onClose: (cause, detail) => handler.onClose(cause, detail),
    })
  }
  return socket
}
