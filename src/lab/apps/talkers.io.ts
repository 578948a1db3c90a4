/**
 * Clients of an echo program that keep their connections and check every byte. Half of them talk without pause, the others
 * say one thing and are silent. Signals tell what happens: at the first SIGUSR2 a fault is about to come, at the second the
 * silent ones speak again, and when all have had their time a line of JSON says how each fared.
 *
 * usage: node talkers.io.js ADDRESS PORT COUNT [PAUSE-MS]
 */
import { writeSync } from 'node:fs'
import net from 'node:net'
import type { Fates } from '../fates.js'

const MESSAGE_BYTES_MAX = 1_400
/** That have no answer yet: beyond a listener's backlog SYNs are dropped, and come again after seconds. */
const CONNECTING_MAX = 512
/** After the silent ones have been woken. */
const LAST_MS = 4_000

const [address = '', port = '', count = '1', pauseMs = '0'] = process.argv.slice(2)

class Talker {
  #turn = 0
  #expected: Uint8Array = new Uint8Array(0)
  #got = 0
  #askedAt = 0
  waitMs = 0
  answersSinceWoken = 0
  fate = ''
  readonly #socket: net.Socket

  constructor(
    private readonly number: number,
    readonly isTalking: boolean,
    onStanding: () => void,
  ) {
    this.#socket = net.connect({ host: address, port: Number(port), noDelay: true })
    this.#socket.on('connect', () => this.ask())
    this.#socket.once('data', onStanding)
    this.#socket.on('data', (chunk) => this.#hear(chunk))
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#lost(error.code ?? error.message))
    this.#socket.on('close', () => this.#lost('ended'))
  }

  ask(): void {
    const length = 1 + ((this.number * 7_919 + this.#turn * 104_729) % MESSAGE_BYTES_MAX)
    const message = new Uint8Array(length)
    for (let i = 0; i < length; i++)
      message[i] = (this.number * 31 + this.#turn * 17 + i * (1 + (this.#turn % 7))) & 255
    this.#turn++
    this.#expected = message
    this.#got = 0
    this.#askedAt = performance.now()
    this.#socket.write(message)
  }

  judge(): void {
    if (this.fate === '' && this.answersSinceWoken === 0) this.fate = 'stalled'
    this.#socket.destroy()
  }

  #hear(chunk: Buffer): void {
    const due = this.#expected.subarray(this.#got, this.#got + chunk.byteLength)
    if (chunk.byteLength > due.byteLength || !chunk.equals(due)) return this.#lost('wrong bytes')
    this.#got += chunk.byteLength
    if (this.#got < this.#expected.byteLength) return
    if (isFaulty) this.waitMs = Math.max(this.waitMs, performance.now() - Math.max(this.#askedAt, faultAt))
    if (areWoken) this.answersSinceWoken++
    if (!this.isTalking) return
    if (pauseMs === '0') setImmediate(() => this.ask())
    else setTimeout(() => this.ask(), Number(pauseMs))
  }

  #lost(word: string): void {
    if (this.fate !== '') return
    this.fate = word
    this.#socket.destroy()
  }
}

let isFaulty = false
let faultAt = 0
let areWoken = false
let standing = 0
const talkers: Talker[] = []

function begin(): void {
  if (talkers.length === Number(count)) return
  const number = talkers.length
  talkers.push(
    new Talker(number, number % 2 === 0, () => {
      if (++standing === Number(count)) writeSync(1, 'all stand\n')
      begin()
    }),
  )
}

for (let i = 0; i < CONNECTING_MAX; i++) begin()

function fatesOf(group: readonly Talker[]): Fates {
  const lost: Record<string, number> = {}
  for (const { fate } of group) if (fate !== '') lost[fate] = (lost[fate] ?? 0) + 1
  const alive = group.filter(({ fate }) => fate === '')
  return { count: group.length, alive: alive.length, lost, waitsMs: alive.map(({ waitMs }) => Math.round(waitMs)) }
}

process.on('SIGUSR2', () => {
  if (!isFaulty) {
    isFaulty = true
    faultAt = performance.now()
    return
  }
  areWoken = true
  for (const talker of talkers) if (!talker.isTalking && talker.fate === '') talker.ask()
  setTimeout(() => {
    for (const talker of talkers) talker.judge()
    const [talking, silent] = [true, false].map((is) => fatesOf(talkers.filter(({ isTalking }) => isTalking === is)))
    writeSync(1, `${JSON.stringify({ talking, silent })}\n`)
    process.exit(0)
  }, LAST_MS)
})
