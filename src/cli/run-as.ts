/** Where `baton run --as` puts a program, or why it cannot. */
import { BatonError } from '../base/errors.js'
import type { ServiceView } from '../node/control/control-protocol.js'

export function steeredCgroup({ definition, outward }: Pick<ServiceView, 'definition' | 'outward'>): string {
  const { name, outward: port } = definition
  if (outward === undefined) {
    throw new BatonError('ERR_RUN_AS', `service ${name} makes no connections for programs`, {
      hint: `baton service set ${name} --outward 1080 --outward-to any`,
    })
  }
  if (outward.whyNot === '') return outward.cgroup
  const hint =
    port === 0
      ? `give it a port (baton service set ${name} --outward 1080), and have the program use it as a SOCKS 5 proxy`
      : `have the program use the proxy itself: ALL_PROXY=socks5h://127.0.0.1:${port}`
  throw new BatonError('ERR_RUN_AS', `this node cannot lead connections of programs: ${outward.whyNot}`, { hint })
}
