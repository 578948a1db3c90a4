/** Services of mode `single`, as all nodes know them: where each runs, and where it might. */
import type { NodeId } from '../../base/ids.js'
import { type Place, placesFor } from '../../hosting/placement.js'
import type { Others } from '../../hosting/ports.js'
import type { Tenure } from '../../hosting/tenure-rows.js'
import type { Service } from '../../proxy/service.js'
import { namesIn } from '../../proxy/service-hosting.js'
import type { Knowledge } from '../knowledge.js'
import { roleOf } from '../roles.js'
import type { Standing } from './backend-states.js'

/** By what a lease to host it goes: no name of a service, and no address. */
const PREFIX = 'single/'

export function hostingContest(service: string): string {
  return `${PREFIX}${service}`
}

/** The service, if it is such a lease. */
export function hostedBy(contest: string): string | undefined {
  return contest.startsWith(PREFIX) ? contest.slice(PREFIX.length) : undefined
}

const RUNNING: readonly Tenure['state'][] = ['starting', 'active', 'stopping', 'unknown']

export class Tenures {
  constructor(
    private readonly self: NodeId,
    private readonly knowledge: Pick<Knowledge, 'tenures' | 'members' | 'services' | 'candidates' | 'nameOf'>,
    /** An operator wants it to run elsewhere. */
    private readonly isDrained: (service: string, node: NodeId) => boolean,
    /** Its program works there. */
    private readonly isUpOn: (service: Service, node: NodeId) => boolean,
  ) {}

  /** An operator wants it to run elsewhere. */
  isOut(service: string, node: NodeId): boolean {
    return this.isDrained(service, node)
  }

  /** Where it runs, or is to run, as live nodes say it: the latest term counts. */
  present(service: string): { readonly node: NodeId; readonly tenure: Tenure } | undefined {
    const alive = new Set(this.#alive().map(({ profile }) => profile.node))
    const rows = this.knowledge
      .tenures(service)
      .filter(({ node, tenure }) => alive.has(node) && tenure.state !== 'stopped')
    return rows.sort((a, b) => b.tenure.term - a.tenure.term)[0]
  }

  /** Who may host it, the best first. */
  order(service: Service): NodeId[] {
    return placesFor(service.name, service, this.places(service)).map(({ node }) => node)
  }

  places(service: Service): Place[] {
    const loads = this.#loads(service.name)
    const listening =
      service.program === '' ? new Set(this.knowledge.candidates(service).map(({ node }) => node)) : undefined
    return this.#alive().flatMap(({ profile: { node, name, flags } }) => {
      const { witness, leaving } = roleOf(flags)
      const isMute = listening?.has(node) === false
      const isOut = witness || leaving || isMute || this.isDrained(service.name, node)
      return isOut || this.missing(service, node).length > 0 ? [] : [{ node, name, load: loads.get(node) ?? 0 }]
    })
  }

  /** Services that it requires, and that are not up on that node. */
  missing({ requires }: Service, node: NodeId): string[] {
    return namesIn(requires).filter((name) => {
      const service = this.knowledge.services.active.find((one) => one.name === name)
      return service === undefined || !this.isUpOn(service, node)
    })
  }

  /** Of the other nodes, those among them that are not heard any more. */
  others(service: Service): Others {
    const rows = this.knowledge.tenures(service.name).filter(({ node }) => node !== this.self)
    const stopped = rows.filter(({ tenure }) => tenure.state === 'stopped').map(({ tenure }) => tenure.term)
    return {
      stoppedTerm: Math.max(0, ...stopped),
      stopMs: Math.max(0, ...rows.map(({ tenure }) => tenure.stopMs)),
      isAnybody: this.order(service).some((node) => node !== this.self),
    }
  }

  /** Whether the mode of the service keeps a node from serving; `undefined`: it does not. */
  standing(service: Service, node: NodeId): Standing | undefined {
    if (service.mode !== 'single') return undefined
    const present = this.present(service.name)
    if (present === undefined) return { state: 'standby', why: 'it runs on one node at a time, and on none now' }
    const { tenure } = present
    const words = tenure.words === '' ? tenure.state : `${tenure.state}, ${tenure.words}`
    if (present.node !== node) {
      return {
        state: 'standby',
        why: `it runs on one node at a time, and ${this.knowledge.nameOf(present.node)} has it (${words})`,
      }
    }
    return tenure.state === 'active' ? undefined : { state: 'starting', why: words }
  }

  #loads(except: string): Map<NodeId, number> {
    const loads = new Map<NodeId, number>()
    for (const { name, mode } of this.knowledge.services.active) {
      if (mode !== 'single' || name === except) continue
      const present = this.present(name)
      if (present === undefined || !(RUNNING.includes(present.tenure.state) || present.tenure.state === 'waiting'))
        continue
      loads.set(present.node, (loads.get(present.node) ?? 0) + 1)
    }
    return loads
  }

  #alive() {
    return this.knowledge.members.filter(({ state }) => state === 'alive' || state === 'suspect')
  }
}
