/**
 * Clients that speak as soon as their connection stands, to a program that says everything back. A line when all have spoken, one for each
 * that has got back what it said, whose order is that of the answers, and one for each that has not.
 *
 * With SOURCE each comes by a PROXY header, from port 1000 and its number there. With `half` only the first part of that is said before
 * SIGUSR2; with `end` each ends its side behind what it says.
 *
 * usage: waiters-main.ts ADDRESS PORT COUNT BYTES [SOURCE [half | end]]
 */
import { writeSync } from 'node:fs'
import net from 'node:net'

const [address = '', port = '', count = '1', length = '1000', source = '', how = ''] = process.argv.slice(2)
/** Of the header, before SIGUSR2. */
const HALF_BYTES = 10
let spoken = 0
process.setMaxListeners(0)
const tell = (line: string) => writeSync(1, `${line}\n`)

for (let i = 0; i < Number(count); i++) {
  const said = Buffer.from(Array.from({ length: Number(length) }, (_, at) => (at * 31 + i * 7 + (at >> 8)) & 255))
  let heard = 0
  let isRight = true
  const socket = net.connect({ port: Number(port), host: address, allowHalfOpen: true })
  socket.on('connect', () => {
    const header = source === '' ? '' : `PROXY TCP4 ${source} ${address} ${1_000 + i} ${port}\r\n`
    const whole = Buffer.concat([Buffer.from(header), said])
    socket.write(how === 'half' ? whole.subarray(0, HALF_BYTES) : whole)
    if (how === 'end') socket.end()
    if (how === 'half') process.once('SIGUSR2', () => socket.write(whole.subarray(HALF_BYTES)))
    if (++spoken === Number(count)) tell('all have spoken')
  })
  socket.on('data', (chunk) => {
    isRight &&= chunk.equals(said.subarray(heard, heard + chunk.length))
    heard += chunk.length
    if (heard >= said.length) tell(isRight && heard === said.length ? `${i} served` : `${i} wrong`)
  })
  socket.on('end', () => {
    if (heard < said.length) tell(`${i} ended after ${heard}`)
    socket.end()
  })
  socket.on('error', ({ code = 'error' }: NodeJS.ErrnoException) => tell(`${i} ${code} after ${heard}`))
}
