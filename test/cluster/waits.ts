import type { TalkersReport } from '../../src/lab/fates.js'
import { assert } from '../harness/suite.js'
import { losses, type SurvivalSite, sumOf } from './survival.js'

/** As a client sees it: half of them wait no longer, and nobody longer. */
export function waits({ talking }: TalkersReport): { readonly median: number; readonly max: number } {
  const sorted = [...talking.waitsMs].sort((a, b) => a - b)
  return { median: sorted[sorted.length >> 1] ?? 0, max: sorted.at(-1) ?? 0 }
}

/** `story`: for whoever has to find out why. */
export function assertWhole(report: TalkersReport, clients: number, what: string, story = ''): void {
  assert.equal(losses(report), {}, `${what}\n${story}`)
  assert.is(
    sumOf(report, ({ alive }) => alive),
    clients,
    what,
  )
  const { median, max } = waits(report)
  process.stdout.write(`${what}: waits of talking clients, median ${median} ms, at most ${max} ms\n`)
}

const STORY = [
  'lease-lost',
  'lease-acquired',
  'replaced',
  'not-replaced',
  'took-over',
  'lease-kept',
  'serving',
  'recovered',
]
const ENDS = ['splice-ended', 'splice-incident', 'splice-reset', 'verdicts', 'not-rebuilt', 'lane-fault', 'farewells']
const MOVES = [
  'address-lease-over',
  'address-here',
  'address-gone',
  'moved-out',
  'packets-passed',
  'ledger-told',
  'stopping',
]

export function storyOf(site: SurvivalSite): string {
  const lines = [...STORY, ...ENDS, ...MOVES].flatMap((word) => site.events(word).map((line) => JSON.stringify(line)))
  return lines.sort().join('\n')
}
