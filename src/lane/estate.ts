/** What a lane that died has left to this one: clients' connections that nobody has taken up yet. */
import { type Endpoint, formatEndpoint } from '../base/address.js'
import type { Bequest } from '../proxy/lane-protocol.js'

export class Estate {
  readonly #bequests = new Map<string, Bequest>()

  add(bequests: readonly Bequest[]): void {
    for (const bequest of bequests) this.#bequests.set(keyOf(bequest), bequest)
  }

  take(ends: Pick<Bequest, 'client' | 'destination'>): Bequest | undefined {
    const key = keyOf(ends)
    const bequest = this.#bequests.get(key)
    this.#bequests.delete(key)
    return bequest
  }

  /** All that came to such a place. */
  takeRest(isMeant: (destination: Endpoint) => boolean): Bequest[] {
    const rest = [...this.#bequests.values()].filter(({ destination }) => isMeant(destination))
    for (const bequest of rest) this.#bequests.delete(keyOf(bequest))
    return rest
  }
}

function keyOf({ client, destination }: Pick<Bequest, 'client' | 'destination'>): string {
  return `${formatEndpoint(client)} ${formatEndpoint(destination)}`
}
