/**
 * Who is there, for things that come and go by the thousand a second. A Set serves as well but for one thing: V8 lets the
 * table that a Set has outgrown point to the next one, so a table that has become old keeps its successors, and all that
 * ever was in them, from being collected young. Here a member knows its place in one array.
 */
export interface Enrolled {
  /** Its place; -1: in none. Only the roll writes it, and nobody is in two rolls by the same field. */
  place: number
}

export class Roll<T extends Enrolled> implements Iterable<T> {
  readonly #members: T[] = []

  get size(): number {
    return this.#members.length
  }

  has(member: T): boolean {
    return member.place >= 0
  }

  add(member: T): void {
    if (member.place >= 0) return
    member.place = this.#members.length
    this.#members.push(member)
  }

  /** O(1): the last one takes its place. */
  delete(member: T): void {
    const { place } = member
    if (place < 0) return
    member.place = -1
    const last = this.#members.pop()
    if (last === undefined || last === member) return
    last.place = place
    this.#members[place] = last
  }

  /**
   * From the last to the first. Whoever is visited may leave meanwhile, and others may come; they are not visited. When
   * another leaves, one may be visited twice.
   */
  *[Symbol.iterator](): Iterator<T> {
    for (let place = this.#members.length - 1; place >= 0; place--) {
      const member = this.#members[place]
      if (member !== undefined) yield member
    }
  }
}
