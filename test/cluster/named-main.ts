/**
 * A legacy program that says its name to whoever connects, and then says back what it hears.
 *
 * usage: node --import tsx named-main.ts NAME ADDRESS PORT [BACKLOG]
 */
import net from 'node:net'

const [name = 'nobody', host = '127.0.0.1', port = '7', backlog = '511'] = process.argv.slice(2)
net
  .createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    socket.write(`${name}\n`)
    socket.pipe(socket)
  })
  .listen({ host, port: Number(port), backlog: Number(backlog) })
process.on('SIGTERM', () => process.exit(0))
