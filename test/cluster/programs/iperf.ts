import { assert } from '../../harness/suite.js'
import { Conversation } from './conversation.js'
import type { Program } from './program.js'

const SECONDS = 8
const FINISHED_MS_MAX = 30_000
/** In the last second of a test that has a fault in its first seconds. */
const LAST_BITS_PER_SECOND_MIN = 10e6

interface Report {
  readonly error?: string
  readonly intervals: readonly { readonly sum: { readonly bits_per_second: number } }[]
  readonly end: { readonly sum_sent: { readonly bytes: number }; readonly sum_received: { readonly bytes: number } }
}

/** As fast as it goes, for some seconds, and a connection beside it by which both ends agree on what came. */
function iperf(name: string, port: number, ...direction: string[]): Program {
  return {
    name,
    needs: ['iperf3'],
    port,
    isForOne: true,
    serve: (on) => void on.start(`iperf3-${port}`, ['iperf3', '--server', '--port', String(port)]),
    open: async (scope, { client, address }) => {
      const where = ['--client', address, '--port', String(port), '--time', String(SECONDS)]
      const test = Conversation.start(scope, client, 'iperf3', ...where, ...direction, '--json')
      const startedAt = performance.now()
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      return {
        prove: async () => {
          await test.finished(FINISHED_MS_MAX)
          const { error, intervals, end } = JSON.parse(test.said) as Report
          assert.is(error, undefined)
          assert.ok(performance.now() - startedAt >= SECONDS * 1_000, 'it went on to its end')
          assert.ok((intervals.at(-1)?.sum.bits_per_second ?? 0) > LAST_BITS_PER_SECOND_MIN, 'and as fast')
          assert.ok(end.sum_received.bytes > 0 && end.sum_received.bytes <= end.sum_sent.bytes)
        },
      }
    },
  }
}

export const iperfUpload = iperf('iperf3, upload', 5_201)
export const iperfDownload = iperf('iperf3, download', 5_202, '--reverse')
