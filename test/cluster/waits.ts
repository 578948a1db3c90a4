import type { TalkersReport } from '../../src/lab/fates.js'
import { assert } from '../harness/suite.js'
import { losses, sumOf } from './survival.js'

/** As a client sees it: half of them wait no longer, and nobody longer. */
export function waits({ talking }: TalkersReport): { readonly median: number; readonly max: number } {
  const sorted = [...talking.waitsMs].sort((a, b) => a - b)
  return { median: sorted[sorted.length >> 1] ?? 0, max: sorted.at(-1) ?? 0 }
}

export function assertWhole(report: TalkersReport, clients: number, what: string): void {
  assert.equal(losses(report), {}, what)
  assert.is(
    sumOf(report, ({ alive }) => alive),
    clients,
    what,
  )
  const { median, max } = waits(report)
  process.stdout.write(`${what}: waits of talking clients, median ${median} ms, at most ${max} ms\n`)
}
