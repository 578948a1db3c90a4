/**
 * Clients on a host of their own: each asks again and again, one question per connection, and each outcome is a line of JSON
 * with times of the wall clock.
 *
 * usage: node clients.io.js ADDRESS PORT COUNT PAUSE-MS
 */
import { writeSync } from 'node:fs'
import { Clients } from '../clients.io.js'

const [address = '', port = '0', count = '1', pauseMs = '200'] = process.argv.slice(2)
const clients = new Clients({ address, port: Number(port) }, ({ startedAt, endedAt, ...rest }) => {
  const wall = performance.timeOrigin
  writeSync(1, `${JSON.stringify({ startedAt: startedAt + wall, endedAt: endedAt + wall, ...rest })}\n`)
})
clients.start(Number(count), Number(pauseMs))
process.on('SIGTERM', () => void clients.stop().then(() => process.exit(0)))
