/**
 * The one that is killed: a device with an address at the top of its descriptors, threads, and connections to the address, half
 * of them with bytes that it has not read. Says `ready PORT`, then a line for each client. `lowest`: the device at the bottom.
 */
import net from 'node:net'
import { Worker } from 'node:worker_threads'
import { Tun } from '../tun.io.js'
import { THE_ADDRESS } from './places.js'

const THREADS = 2

const tun = Tun.open({ lowest: process.argv[2] === 'lowest' })
if ('why' in tun) fail(tun.why)
const added = tun.add(THE_ADDRESS)
if (added !== 0) fail(`the address cannot be brought to the device: ${added}`)
for (let i = 0; i < THREADS; i++) new Worker('setInterval(() => {}, 1_000)', { eval: true })
let accepted = 0
const server = net.createServer((client) => {
  client.on('error', () => {})
  if (accepted++ % 2 === 0) client.resume()
  process.stdout.write('client\n')
})
server.listen(0, THE_ADDRESS, () => {
  process.stdout.write(`ready ${(server.address() as net.AddressInfo).port}\n`)
})
// Whoever started it is gone.
process.stdin.on('end', () => process.exit()).resume()

function fail(why: string): never {
  process.stderr.write(`${why}\n`)
  process.exit(1)
}
