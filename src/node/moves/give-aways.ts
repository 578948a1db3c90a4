/** What this node directs and is not to direct any more, as operators have said: it goes to others as soon as they can take it. */
import type { MemberProfile } from '../../gossip/ports.js'
import type { Directing } from '../directing.js'
import { roleOf } from '../roles.js'
import type { ServiceBook } from '../services/service-book.js'
import type { Handovers } from './handovers.js'

/** Of the node. */
export interface Giver {
  readonly self: Pick<MemberProfile, 'node' | 'flags'>
  readonly isStopping: boolean
  readonly directing: Pick<Directing, 'names'>
  readonly handovers: Pick<Handovers, 'settled'>
}

export class GiveAways {
  constructor(
    private readonly giver: Giver,
    private readonly services: Pick<ServiceBook, 'keepsOut'>,
    /** After the present turn. */
    private readonly later: (run: () => void) => void,
  ) {}

  /** To be asked for at each renewal. */
  look(): void {
    const { directing, handovers, isStopping } = this.giver
    if (isStopping || !directing.names().some((contest) => this.#isMeant(contest))) return
    this.later(() => handovers.settled((contest) => this.#isMeant(contest)))
  }

  #isMeant(contest: string): boolean {
    const { self } = this.giver
    return roleOf(self.flags).drained || this.services.keepsOut(contest, self.node)
  }
}
