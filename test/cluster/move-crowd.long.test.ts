/** A planned move of ten thousand connections at once: who lives on, how long it is dark, and what it takes of the hosts. */
import { readFileSync } from 'node:fs'
import type { LabNode } from '../../src/lab/cluster.io.js'
import { assert, suite } from '../harness/suite.js'
import { ADDRESS, losses, SurvivalSite } from './survival.js'

const test = suite('cluster/move-crowd', 240_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true }
const CLIENTS = Number(process.env['CLIENTS'] ?? 10_000)
const TALK_EVERY_MS = 2_000
/** Of processor time, see proc(5): Linux counts in hundredths for whoever reads. */
const TICKS_PER_S = 100
const MIB = 1_024

interface Used {
  readonly cpuS: number
  readonly residentMib: number
  readonly peakMib: number
}

function usedBy({ child }: LabNode): Used {
  const fields = readFileSync(`/proc/${child?.pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  const status = readFileSync(`/proc/${child?.pid}/status`, 'utf8')
  const mib = (name: string) => Math.round(Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / MIB)
  const cpuS = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S
  return { cpuS, residentMib: mib('VmRSS'), peakMib: mib('VmHWM') }
}

test(
  `${CLIENTS} connections move at once, and all of them live on`,
  async (scope) => {
    const site = await SurvivalSite.build(scope, ADDRESS, '--local', 'last')
    const { node } = await site.director()
    const empty = site.cluster.nodes.map(usedBy)
    let before: Used[] = []
    let after: Used[] = []
    const report = await site.fare(
      ADDRESS,
      CLIENTS,
      async () => {
        before = site.cluster.nodes.map(usedBy)
        await site.cluster.baton(node, 'move', 'echo')
      },
      () => {
        after = site.cluster.nodes.map(usedBy)
      },
      TALK_EVERY_MS,
    )
    const at = (event: string) => Date.parse(String(site.events(event).at(-1)?.['at']))
    const waits = [...report.talking.waitsMs].sort((a, b) => a - b)
    const share = (of: number) => waits[Math.min(waits.length - 1, Math.floor(waits.length * of))]
    console.log(`the address was nowhere for ${at('address-here') - at('address-gone')} ms`)
    console.log(`who talked waited, ms: median ${share(0.5)}, p90 ${share(0.9)}, p99 ${share(0.99)}, most ${share(1)}`)
    for (const [i, { name }] of site.cluster.nodes.entries()) {
      const [{ cpuS = 0 } = {}, { cpuS: then = 0, residentMib = 0 } = {}] = [before[i], after[i]]
      const added = residentMib - (empty[i]?.residentMib ?? 0)
      console.log(
        `${name}: ${(then - cpuS).toFixed(2)} s of CPU within 2 s of the move; ${residentMib} MiB, ${added} more than without connections, at most ${after[i]?.peakMib}`,
      )
    }
    assert.equal(losses(report), {}, 'nobody is lost')
    const { revived, failed } = site.events('recovered').find(({ revived }) => Number(revived) > 0) ?? {}
    assert.equal([revived, failed], [CLIENTS, 0])
  },
  NEEDS,
)

test.run()
