import net from 'node:net'
import type { Endpoint } from '../../src/base/address.js'
import { errnoOf } from '../../src/base/errors.js'
import type { Measure } from '../../src/lab/measure.js'

/** `count` connections with one question each, `parallel` at a time. */
export async function askMany(to: Endpoint, count: number, parallel: number, measure: Measure): Promise<void> {
  let left = count
  const worker = async () => {
    while (left-- > 0) await ask(to, measure)
  }
  await Promise.all(Array.from({ length: parallel }, worker))
}

export function ask(to: Endpoint, measure: Measure, patienceMs = 3_000): Promise<void> {
  return new Promise((resolve) => {
    const startedAt = performance.now()
    let answer = ''
    let error: string | undefined
    const socket = net.connect({ host: to.address, port: to.port })
    socket.setTimeout(patienceMs, () => socket.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })))
    socket.on('connect', () => socket.write('GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n'))
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
    })
    socket.on('error', (cause) => {
      error = errnoOf(cause) || 'error'
    })
    socket.on('close', () => {
      const node = /hello from ([^,\s]+),/.exec(answer)?.[1]
      const endedAt = performance.now()
      if (node !== undefined) measure.add({ startedAt, endedAt, node })
      else measure.add({ startedAt, endedAt, node: undefined, error: error ?? 'closed without an answer' })
      resolve()
    })
  })
}
