import type { SimNode } from './membership-cast.js'

/** Nodes behind NATs: datagrams to the address that a node has for its own are lost, those to where its own come from are not. */
export class Nats {
  readonly #hidden = new Set<number>()

  /** Where it is reached from now on. */
  hide({ index }: SimNode): string {
    this.#hidden.add(index)
    return outside(index)
  }

  originOf({ index, address }: SimNode): string {
    return this.#hidden.has(index) ? outside(index) : address
  }

  drops(to: string, { index, address }: SimNode): boolean {
    return to === address && this.#hidden.has(index)
  }
}

function outside(index: number): string {
  return `203.0.${index >> 8}.${index & 255}`
}
