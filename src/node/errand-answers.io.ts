/** What this node does for operators' commands that run on others. */
import type { NodeId } from '../base/ids.js'
import type { Errand, ErrandAnswer } from './errand.js'
import type { FaultOrders, FaultParts } from './moves/fault-orders.io.js'
import { liveHere } from './programs/program-draining.io.js'
import { cannot } from './programs/relocating.io.js'

export async function answerErrand(
  { node, query }: Pick<FaultParts, 'node' | 'query'>,
  orders: FaultOrders,
  from: NodeId,
  errand: Errand,
): Promise<ErrandAnswer | undefined> {
  if (errand.type === 'count') {
    return { type: 'counted', splices: liveHere(node.self.node, await query(0), errand.service) }
  }
  if (errand.type === 'relocate') {
    if (!node.programs.hosting.relocate(errand.service, errand.to, 'an operator relocates it'))
      throw cannot({ name: errand.service })
    return { type: 'done' }
  }
  if (errand.type !== 'check') return orders.answer(from, errand)
  return { type: 'checked', ...(await node.programs.health.check(errand.service, errand.port)) }
}
