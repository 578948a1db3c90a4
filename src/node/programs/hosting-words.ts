/** Where a service of mode `single` runs, in plain words. */
import type { NodeId } from '../../base/ids.js'
import type { Service } from '../../proxy/service.js'
import type { HostingView } from '../control/control-protocol.js'
import type { Names } from '../control/status.js'
import type { Tenures } from './tenures.js'

const NEXT_NAMED_MAX = 4

/** `undefined`: it is of mode multi. */
export function hostingView(service: Service, tenures: Tenures, names: Names): HostingView | undefined {
  if (service.mode !== 'single') return undefined
  const present = tenures.present(service.name)
  const next = tenures.order(service).filter((node) => node !== present?.node)
  return {
    node: present === undefined ? null : names.ref(present.node),
    state: present?.tenure.state ?? 'nowhere',
    term: present?.tenure.term ?? 0,
    words:
      present?.tenure.words ?? (next.length === 0 && service.requires !== '' ? `requires ${service.requires}` : ''),
    next: next.map((node: NodeId) => names.ref(node)),
  }
}

/** For `why`. */
export function hostingSentences(view: HostingView | undefined): string[] {
  if (view === undefined) return []
  const { node, state, term, words, next } = view
  const named = next.slice(0, NEXT_NAMED_MAX).map(({ name }) => name)
  const others = named.length === 0 ? 'No other node may host it now.' : `Next would be ${named.join(', ')}.`
  if (node === null) {
    return [
      next.length === 0
        ? `It runs on one node at a time, and no live node may host it${words === '' ? '' : ` (it ${words})`}: \`baton service show\` has its nodes and placement.`
        : `It runs on one node at a time, and on none now: an election is under way. ${others}`,
    ]
  }
  return [
    `It runs on one node at a time: ${node.name} ${STATES[state]} in term ${term}${words === '' ? '' : ` (${words})`}. ${others}`,
  ]
}

const STATES: Readonly<Record<HostingView['state'], string>> = {
  waiting: 'has its turn, and waits',
  starting: 'starts it',
  active: 'runs it',
  stopping: 'stops it',
  stopped: 'has stopped it',
  unknown: 'could not stop it, and must be looked at',
  nowhere: 'has it',
}
