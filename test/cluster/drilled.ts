import type { LabNode } from '../../src/lab/cluster.io.js'
import type { TalkersReport } from '../../src/lab/fates.js'
import type { DrillReport, Fault } from '../../src/node/control/drill-protocol.js'
import { ADDRESS, type SurvivalSite } from './survival.js'

export const CLIENTS = 40

export interface Drilled {
  /** Who directed before, and where the drill ran. */
  readonly before: LabNode
  readonly standby: LabNode
  readonly fates: TalkersReport
  readonly report: DrillReport
}

/** A drill while clients check every byte. */
export async function drilled(site: SurvivalSite, fault: Fault): Promise<Drilled> {
  const before = await site.director()
  const standby = site.cluster.nodes.find(({ name }) => name !== before.node.name)
  if (standby === undefined) throw new Error('three nodes')
  let said = ''
  const fates = await site.fare(ADDRESS, CLIENTS, async () => {
    said = (await site.cluster.baton(standby, 'drill', 'echo', '--fault', fault, '--yes', '--json')).stdout
  })
  return { before: before.node, standby, fates, report: JSON.parse(said) as DrillReport }
}
