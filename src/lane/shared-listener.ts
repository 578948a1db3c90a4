import type { Endpoint } from '../base/address.js'
import type { Term } from '../base/ids.js'
import type { Listener } from '../proxy/ports.js'
import type { Service } from '../proxy/service.js'
import type { LaneContext } from './lane-context.js'

/** Every other lane accepts on it as well. `since`: see `ListenSet.adopt`. */
export function shareListener(
  context: Pick<LaneContext, 'setup' | 'post'>,
  { service, term }: { readonly service: Service; readonly term: Term },
  at: Endpoint,
  listener: Listener,
  since: number,
): void {
  const { lane: self, lanes } = context.setup
  for (let lane = 0; lane < lanes; lane++) {
    const fd = lane === self ? undefined : listener.share?.()
    if (fd === undefined || fd < 0) continue
    context.post({ type: 'share-listener', lane, service: service.name, term, at, since, fd })
  }
}
