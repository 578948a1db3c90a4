/**
 * Clients that come, say some words and wait for each to come back, and go in order, again and again until a file is there. What any
 * of them did not like is printed, and how many were served.
 *
 * usage: comers-main.ts ADDRESS PORT CLIENTS FILE [WORDS EVERY_MS]: so many words of a connection, one in so many milliseconds
 */
import { existsSync } from 'node:fs'
import net from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

const [address = '', port = '', count = '', file = '', words = '20', everyMs = '50'] = process.argv.slice(2)
const WORDS = Number(words)
const WORD_EVERY_MS = Number(everyMs)
const ECHO_MS_MAX = 5_000
let served = 0

async function come(number: number): Promise<void> {
  while (!existsSync(file)) {
    const socket = net.connect({ host: address, port: Number(port) })
    let [said, error, isClosed, ownPort] = ['', '', false, 0]
    socket.on('connect', () => {
      ownPort = socket.localPort ?? 0
    })
    socket.on('data', (chunk) => {
      said += chunk.toString()
    })
    socket.on('error', (problem) => {
      error = problem.message
    })
    socket.on('close', () => {
      isClosed = true
    })
    for (let i = 0; i < WORDS && error === ''; i++) {
      const word = `${number}-${i} `
      socket.write(word)
      for (let waited = 0; !said.includes(word) && !isClosed && waited < ECHO_MS_MAX; waited += 5) await pause(5)
      if (!said.includes(word)) error ||= isClosed ? `closed before word ${i}` : `no echo of word ${i}`
      await pause(WORD_EVERY_MS)
    }
    if (error === '') served++
    else process.stdout.write(`problem ${new Date().toISOString()} from port ${ownPort} ${error}\n`)
    socket.end()
    if (error !== '') await pause(100)
  }
}

process.stdout.write('begun\n')
await Promise.all(Array.from({ length: Number(count) }, (_, i) => come(i)))
process.stdout.write(`served ${served}\n`)
