/**
 * Many programs in one that ask a SOCKS 5 door for a connection, all at once, and hold it. For each word on stdin each sends it and waits
 * for the echo; who was ended is counted. By what ports the far server was called, the first line has.
 *
 * usage: socks-main.ts DOOR ADDRESS PORT COUNT
 */
import net from 'node:net'
import readline from 'node:readline'
import { parseIp } from '../../../src/base/address.js'

const [door = '', address = '', port = '', count = '1'] = process.argv.slice(2)
const ip = parseIp(address) ?? new Uint8Array(4)
const isIpv6 = ip.byteLength === 16
const wish = Uint8Array.of(5, 1, 0, 5, 1, 0, isIpv6 ? 4 : 1, ...ip, Number(port) >> 8, Number(port) & 255)
/** The method; and the answer with its address. */
const [METHOD_BYTES, ANSWER_BYTES] = [2, isIpv6 ? 22 : 10]

interface Asker {
  readonly socket: net.Socket
  said: Buffer
  /** -1: not answered. */
  code: number
  isOver: boolean
}

const askers = Array.from({ length: Number(count) }, (): Asker => {
  const socket = net.connect(Number(door), isIpv6 ? '::1' : '127.0.0.1')
  const asker: Asker = { socket, said: Buffer.alloc(0), code: -1, isOver: false }
  socket.on('connect', () => socket.write(wish))
  socket.on('error', () => {})
  socket.on('close', () => {
    asker.isOver = true
    tell()
  })
  socket.on('data', (chunk) => {
    asker.said = Buffer.concat([asker.said, chunk])
    if (asker.code < 0 && asker.said.length >= METHOD_BYTES + 2) asker.code = asker.said[METHOD_BYTES + 1] ?? -1
    tell()
  })
  return asker
})

let waitsFor = ''
const textOf = ({ said }: Asker) => said.toString('latin1', METHOD_BYTES + ANSWER_BYTES)
const hasAnswer = (one: Asker) => one.isOver || one.code > 0 || textOf(one).endsWith('\n')
const hasEcho = (one: Asker) => one.isOver || textOf(one).endsWith(`${waitsFor}\n`)

function tell(): void {
  if (waitsFor === '') {
    if (!askers.every(hasAnswer)) return
    const codes: Record<string, number> = {}
    for (const { code } of askers) codes[code] = (codes[code] ?? 0) + 1
    const from = new Set(askers.filter(({ code }) => code === 0).map((one) => textOf(one).split(' ')[2]))
    console.log(`asked ${JSON.stringify({ codes, addresses: [...from] })}`)
    waitsFor = ' '
  } else if (waitsFor !== ' ' && askers.filter(({ code }) => code === 0).every(hasEcho)) {
    const alive = askers.filter(({ code, isOver }) => code === 0 && !isOver).length
    console.log(`${waitsFor} ${alive}`)
    waitsFor = ' '
  }
}

readline.createInterface({ input: process.stdin }).on('line', (word) => {
  waitsFor = word
  for (const { socket, code, isOver } of askers) if (code === 0 && !isOver) socket.write(`${word}\n`)
  tell()
})
