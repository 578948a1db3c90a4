import { FEATURE_DIAL } from '../proxy/dial-frames.js'
import type { HelloFrame } from '../proxy/splice-frame.js'
import { FEATURE_UNSERVED } from '../proxy/unserved-frames.js'

/** Of the splice protocol, as this release speaks it. */
export const SPLICE_VERSIONS = { versionMin: 1, versionMax: 1 } as const

/** What a lane of this release understands that another may not know of: bits of HELLO. */
export const FEATURE = { dial: FEATURE_DIAL, unserved: FEATURE_UNSERVED } as const
export const FEATURES = FEATURE.dial | FEATURE.unserved

/** Why two ends cannot speak with each other; `undefined`: they can. */
export function versionProblem({ versionMin, versionMax }: HelloFrame, peer: string): string | undefined {
  const ours = SPLICE_VERSIONS
  if (versionMin <= ours.versionMax && versionMax >= ours.versionMin) return undefined
  const behind = versionMax < ours.versionMin ? peer : 'this node'
  return `splice protocol ${versionMin} to ${versionMax} at ${peer}, ${ours.versionMin} to ${ours.versionMax} here; upgrade ${behind}`
}
