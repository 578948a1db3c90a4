import net from 'node:net'
import type { Endpoint } from '../base/address.js'
import { errnoOf } from '../base/errors.js'
import type { Outcome } from './measure.js'

const PATIENCE_MS = 2_000

/**
 * Clients that ask one question per connection, again and again: what a user of the service address sees. They run until
 * `stop`, each with `pauseMs` between two questions.
 */
export class Clients {
  #running = true
  #open = new Set<net.Socket>()
  #loops: Promise<void>[] = []

  constructor(
    private readonly to: Endpoint,
    private readonly add: (outcome: Outcome) => void,
  ) {}

  start(count: number, pauseMs: number): void {
    for (let i = 0; i < count; i++) this.#loops.push(this.#loop(pauseMs, (i * pauseMs) / count))
  }

  async stop(): Promise<void> {
    this.#running = false
    await Promise.all(this.#loops)
  }

  async #loop(pauseMs: number, firstMs: number): Promise<void> {
    await sleep(firstMs)
    while (this.#running) {
      const startedAt = performance.now()
      const { node, error } = await this.#ask()
      this.add({ startedAt, endedAt: performance.now(), node, ...(error === undefined ? {} : { error }) })
      await sleep(pauseMs)
    }
  }

  #ask(): Promise<{ node: string | undefined; error?: string }> {
    return new Promise((resolve) => {
      let answer = ''
      let error: string | undefined
      const socket = net.connect({ host: this.to.address, port: this.to.port })
      this.#open.add(socket)
      socket.setTimeout(PATIENCE_MS, () => socket.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })))
      socket.on('connect', () => socket.write('GET / HTTP/1.1\r\nhost: demo\r\nconnection: close\r\n\r\n'))
      socket.setEncoding('latin1')
      socket.on('data', (text: string) => {
        answer += text
      })
      socket.on('error', (cause) => {
        error = errnoOf(cause) || 'error'
      })
      socket.on('close', () => {
        this.#open.delete(socket)
        const node = /hello from ([^,\s]+),/.exec(answer)?.[1]
        if (node !== undefined) resolve({ node })
        else resolve({ node: undefined, error: error ?? 'closed without an answer' })
      })
    })
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
