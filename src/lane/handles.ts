/** The handles of one data link: what each stands for. Whoever dialled gives even ones, the other side odd ones. */
import { NumberTable } from '../base/number-table.js'
import type { ClientHalf } from '../proxy/client-half.js'
import { LINK_HANDLE } from '../proxy/splice-frame.js'
import type { Bound, BoundClient } from './bound.js'

export class Handles {
  readonly #bound = new NumberTable<Bound>()
  #next: number
  /** Few links ever have one, and then all handles have to be looked through. */
  #hasAbandoned = false

  constructor(private readonly dialled: boolean) {
    this.#next = dialled ? 2 : 1
  }

  get(handle: number): Bound | undefined {
    return this.#bound.get(handle)
  }

  bind(handle: number, bound: Bound): void {
    this.#bound.set(handle, bound)
    if (bound.role === 'client' && bound.isAbandoned) this.#hasAbandoned = true
  }

  /** It stands for nothing any more; frames for it are dropped. */
  free(handle: number): void {
    this.#bound.delete(handle)
  }

  /** Whether the peer may give this one to a splice of its own. */
  isFreeForPeer(handle: number): boolean {
    const ours = (handle % 2 === 0) === this.dialled
    return !ours && !this.#bound.has(handle)
  }

  /** Given in turn; they come round only after 2³¹ splices, and one that still lives is passed over. */
  next(): number {
    let handle = this.#next
    while (this.#bound.has(handle) || handle === LINK_HANDLE) handle = (handle + 2) % 2 ** 32
    this.#next = (handle + 2) % 2 ** 32
    return handle
  }

  /** Of attempts of this client that another node, or a later attempt, has taken the place of. */
  abandonedBy(client: ClientHalf): number[] {
    if (!this.#hasAbandoned) return []
    return this.#bound.entries().flatMap(([handle, bound]) => {
      return bound.role === 'client' && bound.isAbandoned && bound.client === client ? [handle] : []
    })
  }

  clients(): BoundClient[] {
    return this.#bound.entries().flatMap(([, bound]) => (bound.role === 'client' ? [bound] : []))
  }

  /** All that is bound; nothing is afterwards. */
  take(): Bound[] {
    const all = this.#bound.entries().map(([, bound]) => bound)
    this.#bound.clear()
    return all
  }
}
