/**
 * Uploads and downloads at full speed when their director fails, is moved or replaced: `ROUNDS=5 COUNT=20 FAULT=power`. All survive, where
 * the service says so; where clients are acknowledged at once an upload may be reset, since the dead kernel had acknowledged
 * bytes that nobody has; then within a bound. No byte is wrong, nobody hangs.
 */
import { assert, suite } from '../harness/suite.js'
import { BULK_SERVERS, BulkClients, type BulkFate } from './programs/bulk.js'
import { CABLE_OUT, type Fault, KILL, MOVE, OWN_RESTART, POWER_OFF } from './programs/faults.js'
import { ProgramSite, SITE_NEEDS } from './programs/site.js'

const test = suite('cluster/bulk-faults, long', 890_000)
const ROUNDS = Number(process.env['ROUNDS'] ?? 5)
const COUNT = Number(process.env['COUNT'] ?? 20)
/** Before the fault, and after it until all are asked to end. */
const FLOW_MS = 2_000
const AFTER_MS = 5_000
/** A verdict is looked for every 100 ms, and two cores have eighty flows to carry. */
const SLACK_MS = 700

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

function shares(fates: readonly BulkFate[]): string {
  const counts: Record<string, number> = {}
  for (const { fate } of fates) counts[fate] = (counts[fate] ?? 0) + 1
  return JSON.stringify(counts)
}

const spread = (all: readonly number[]) => {
  const sorted = [...all].sort((a, b) => a - b)
  return `${sorted[0] ?? '-'} to ${sorted.at(-1) ?? '-'}, median ${sorted[Math.floor(sorted.length / 2)] ?? '-'}`
}

/** `fast`: an upload may be reset. */
const CASES: readonly (readonly [fault: Fault, uploads: 'fast' | 'survive', rounds: number])[] = [
  [KILL, 'survive', ROUNDS],
  [KILL, 'fast', ROUNDS],
  [MOVE, 'survive', ROUNDS],
  [MOVE, 'fast', ROUNDS],
  [POWER_OFF, 'survive', 2],
  [CABLE_OUT, 'survive', 2],
  [OWN_RESTART, 'survive', 2],
]

for (const [fault, mode, rounds] of CASES) {
  const title = `${fault.name}, ${mode}`
  if (!title.includes(process.env['FAULT'] ?? '')) continue
  test(
    `${title}: ${COUNT} uploads and ${COUNT} downloads at full speed, ${rounds} times`,
    async (scope) => {
      const site = await ProgramSite.build(scope, BULK_SERVERS, mode)
      const uploads: BulkFate[] = []
      const downloads: BulkFate[] = []
      const late: string[] = []
      for (let round = 0; round < rounds; round++) {
        const clients = await BulkClients.start(site.at, COUNT, round)
        await wait(FLOW_MS)
        clients.brace()
        const before = performance.now()
        await fault.strike(site)
        const strokeMs = performance.now() - before
        await wait(AFTER_MS)
        const report = await clients.report()
        const mib = [...report.uploads, ...report.downloads].reduce((sum, { bytes }) => sum + bytes, 0) / 2 ** 20
        uploads.push(...report.uploads)
        downloads.push(...report.downloads)
        // Dark, for a client, is until the first download goes on.
        const darkMs = Math.min(...report.downloads.map(({ waitMs }) => waitMs))
        const boundMs = 1_000 + 3 * darkMs + SLACK_MS
        const resets = report.uploads.filter(({ fate }) => fate === 'ECONNRESET')
        late.push(...resets.filter(({ endedMs }) => endedMs > boundMs).map(({ endedMs }) => `${endedMs} > ${boundMs}`))
        const seen = `dark ${darkMs} ms (struck in ${Math.round(strokeMs)}); ${Math.round(mib)} MiB`
        console.log(`round ${round}: ${seen}; uploads ${shares(report.uploads)}, downloads ${shares(report.downloads)}`)
        await site.mend()
      }
      const reset = uploads.filter(({ fate }) => fate === 'ECONNRESET')
      console.log(`${title}: uploads ${shares(uploads)}, downloads ${shares(downloads)}`)
      console.log(`  reset after, ms: ${spread(reset.map(({ endedMs }) => endedMs))}`)
      for (const [name, fates] of Object.entries({ uploads, downloads })) {
        const alive = fates.filter(({ fate }) => fate === 'alive')
        console.log(`  ${name} that live: longest silence, ms: ${spread(alive.map(({ waitMs }) => waitMs))}`)
      }
      console.log(`  verdicts ${JSON.stringify(site.verdicts())}`)
      if ([...uploads, ...downloads].some(({ fate }) => fate !== 'alive')) console.log(site.warnings().join('\n'))
      const mayBeReset = mode === 'fast' && fault !== MOVE ? ['alive', 'ECONNRESET'] : ['alive']
      assert.equal(
        uploads.filter(({ fate }) => !mayBeReset.includes(fate)).map(({ fate }) => fate),
        [],
        'uploads',
      )
      assert.equal(
        downloads.filter(({ fate }) => fate !== 'alive').map(({ fate }) => fate),
        [],
        'downloads',
      )
      assert.equal(late, [], 'reset within 1 s and twice the dark time after it was let go')
    },
    { needs: SITE_NEEDS, root: true },
  )
}

test.run()
