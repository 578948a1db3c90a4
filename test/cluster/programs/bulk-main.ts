/**
 * Uploads and downloads at full speed, each byte checked by its place. The program takes or gives without end; the clients go on
 * until they are told to stop, and each says how it fared.
 *
 * usage: bulk-main.ts serve UPLOAD-PORT DOWNLOAD-PORT | bulk-main.ts run ADDRESS UPLOAD-PORT DOWNLOAD-PORT COUNT
 *
 * Of a run: SIGUSR2 tells of the fault, the next SIGUSR2 ends it; then a line of JSON.
 */
import { writeSync } from 'node:fs'
import net from 'node:net'
import type { BulkFate } from './bulk.js'

/** A prime, so that bytes at places a power of two apart differ. */
const PERIOD = 65_521
const CHUNK_BYTES = 65_536
/** What follows a fault and does not come for so long does not come. */
const LAST_MS = 15_000

const pattern = Buffer.alloc(PERIOD + CHUNK_BYTES)
for (let i = 0; i < pattern.length; i++) pattern[i] = ((i % PERIOD) * 2_654_435_761) >>> 24

/** Bytes as they are from a place on. */
const from = (place: number, length: number) => pattern.subarray(place % PERIOD, (place % PERIOD) + length)

class Check {
  bytes = 0
  isWrong = false

  take(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; at += CHUNK_BYTES) {
      const part = chunk.subarray(at, at + CHUNK_BYTES)
      if (!part.equals(from(this.bytes, part.length))) this.isWrong = true
      this.bytes += part.length
    }
  }
}

/** Without end, until `mayGoOn` says so; then its FIN. Counts what it has said. */
function pour(socket: net.Socket, mayGoOn: () => boolean): { bytes: number } {
  const poured = { bytes: 0 }
  const more = () => {
    while (mayGoOn() && !socket.destroyed) {
      const chunk = from(poured.bytes, CHUNK_BYTES)
      poured.bytes += chunk.length
      if (!socket.write(chunk)) return
    }
    if (!socket.destroyed) socket.end()
  }
  socket.on('drain', more)
  more()
  return poured
}

function serve(upload: number, download: number): void {
  const take = net.createServer({ allowHalfOpen: true }, (socket) => {
    const check = new Check()
    // So that the client knows how far it has come for good.
    const told = setInterval(() => socket.write(`${check.bytes}\n`), 20)
    socket.on('data', (chunk) => check.take(chunk))
    socket.on('end', () => {
      clearInterval(told)
      socket.end(`${check.bytes} ${check.isWrong ? 'wrong' : 'right'}\n`)
    })
    socket.on('error', () => clearInterval(told))
  })
  take.listen(upload)
  const give = net.createServer({ allowHalfOpen: true }, (socket) => {
    let mayGoOn = true
    socket.on('end', () => {
      mayGoOn = false
    })
    socket.on('error', () => {})
    socket.resume()
    pour(socket, () => mayGoOn)
  })
  give.listen(download)
}

let faultAt = Number.POSITIVE_INFINITY
let isOver = false

abstract class Flow {
  fate = ''
  endedMs = 0
  /** The longest time that nothing came, and when something first came after the fault. */
  waitMs = 0
  #heardAt = performance.now()
  protected readonly socket: net.Socket

  constructor(address: string, port: number) {
    this.socket = net.connect({ host: address, port, allowHalfOpen: true })
    this.socket.on('data', (chunk) => {
      const now = performance.now()
      if (now > faultAt && !isOver) this.waitMs = Math.max(this.waitMs, now - this.#heardAt)
      this.#heardAt = now
      this.onData(chunk)
    })
    this.socket.on('error', (error: NodeJS.ErrnoException) => this.over(error.code ?? error.message))
    this.socket.on('end', () => this.over(isOver ? this.verdict() : 'ended early'))
  }

  over(fate: string): void {
    if (this.fate !== '') return
    this.fate = fate
    this.endedMs = performance.now() - faultAt
    this.socket.destroy()
  }

  abstract get bytes(): number
  abstract stop(): void
  protected abstract onData(chunk: Buffer): void
  protected abstract verdict(): string
}

class Upload extends Flow {
  #poured = { bytes: 0 }
  #said = ''

  get bytes(): number {
    return Number(this.#said.trim().split('\n').at(-1)?.split(' ')[0] ?? 0)
  }

  begin(): void {
    this.socket.on('connect', () => {
      this.#poured = pour(this.socket, () => !isOver)
    })
  }

  /** `pour` sees it at the next drain; who has none will not come to an end. */
  stop(): void {}

  protected onData(chunk: Buffer): void {
    this.#said = (this.#said + chunk.toString('latin1')).slice(-200)
  }

  protected verdict(): string {
    const last = this.#said.trim().split('\n').at(-1)
    return last === `${this.#poured.bytes} right` ? 'alive' : `wrong: ${last} of ${this.#poured.bytes}`
  }
}

class Download extends Flow {
  readonly #check = new Check()

  get bytes(): number {
    return this.#check.bytes
  }

  stop(): void {
    this.socket.end()
  }

  protected onData(chunk: Buffer): void {
    this.#check.take(chunk)
  }

  protected verdict(): string {
    return this.#check.isWrong ? 'wrong' : 'alive'
  }
}

function run(address: string, upload: number, download: number, count: number): void {
  const uploads = Array.from({ length: count }, () => new Upload(address, upload))
  for (const one of uploads) one.begin()
  const downloads = Array.from({ length: count }, () => new Download(address, download))
  const flows: readonly Flow[] = [...uploads, ...downloads]
  const standing = setInterval(() => {
    if (flows.some(({ bytes }) => bytes < CHUNK_BYTES)) return
    clearInterval(standing)
    writeSync(1, 'all stand\n')
  }, 20)
  process.on('SIGUSR2', () => {
    if (faultAt === Number.POSITIVE_INFINITY) {
      faultAt = performance.now()
      return
    }
    isOver = true
    const overAt = performance.now()
    for (const flow of flows) flow.stop()
    const judging = setInterval(() => {
      const isLate = performance.now() - overAt > LAST_MS
      if (!isLate && flows.some(({ fate }) => fate === '')) return
      clearInterval(judging)
      const told = (group: readonly Flow[]): BulkFate[] =>
        group.map(({ fate, endedMs, waitMs, bytes }) => {
          return { fate: fate === '' ? 'hangs' : fate, endedMs: Math.round(endedMs), waitMs: Math.round(waitMs), bytes }
        })
      writeSync(1, `${JSON.stringify({ uploads: told(uploads), downloads: told(downloads) })}\n`)
      process.exit(0)
    }, 20)
  })
}

const [what, ...words] = process.argv.slice(2)
if (what === 'serve') serve(Number(words[0]), Number(words[1]))
else run(words[0] ?? '', Number(words[1]), Number(words[2]), Number(words[3]))
