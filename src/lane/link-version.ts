import type { HelloFrame } from '../proxy/splice-frame.js'

/** Of the splice protocol, as this release speaks it. */
export const SPLICE_VERSIONS = { versionMin: 1, versionMax: 1 } as const

/** Why two ends cannot speak with each other; `undefined`: they can. */
export function versionProblem({ versionMin, versionMax }: HelloFrame, peer: string): string | undefined {
  const ours = SPLICE_VERSIONS
  if (versionMin <= ours.versionMax && versionMax >= ours.versionMin) return undefined
  return `splice protocol ${versionMin} to ${versionMax} at ${peer}, ${ours.versionMin} to ${ours.versionMax} here`
}
