/**
 * A legacy program for the tests: says back what it hears, and ends when its client has.
 *
 * usage: node echo.io.js ADDRESS PORT
 */
import net from 'node:net'

const [address = '0.0.0.0', port = '7'] = process.argv.slice(2)
net
  .createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    socket.pipe(socket)
  })
  .listen({ host: address, port: Number(port), backlog: 4_096 })
process.on('SIGTERM', () => process.exit(0))
