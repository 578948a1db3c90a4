// usage: node pipe-main.mjs FROM TO PORT…
import net from 'node:net'

const [from, to, ...ports] = process.argv.slice(2)
for (const port of ports.map(Number)) {
  const server = net.createServer({ noDelay: true }, (client) => {
    const backend = net.connect({ host: to, port, noDelay: true })
    client.pipe(backend).pipe(client)
    client.on('error', () => backend.destroy())
    backend.on('error', () => client.destroy())
  })
  server.listen(port, from)
}
