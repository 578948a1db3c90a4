// Opens so many connections, asks once on each (so that all of the way is known to stand), then holds them until it is
// ended. Says `held N` once they stand. Source addresses differ so that ports do not run out.
//
// usage: node idle-main.mjs HOST PORT CONNECTIONS
import net from 'node:net'

const [host, port, connections] = process.argv.slice(2)
const REQUEST = `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`
const AT_A_TIME = 50
const PORTS_OF_AN_ADDRESS = 5_000

let [opened, answered] = [0, 0]

function open() {
  if (opened >= Number(connections)) return
  opened += 1
  const localAddress = `127.1.0.${1 + Math.floor(opened / PORTS_OF_AN_ADDRESS)}`
  const socket = net.connect({ host, port: Number(port), localAddress })
  socket.write(REQUEST)
  socket.once('data', () => {
    answered += 1
    if (answered === Number(connections)) process.stdout.write(`held ${answered}\n`)
    open()
  })
  for (const what of ['error', 'end']) {
    socket.on(what, (error) => {
      process.stderr.write(`connection ${answered} of ${connections}: ${error?.message ?? 'ended'}\n`)
      process.exit(1)
    })
  }
}

for (let i = 0; i < AT_A_TIME; i += 1) open()
