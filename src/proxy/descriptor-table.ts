/**
 * Which descriptors belong to which lane, in memory that the process shares: what a lane has open is known also when its heap is
 * gone. A byte for each descriptor: the lane's number and one, and whether the kernel gave it as a connection that was accepted.
 */
const LANE_MASK = 0x7f
const ACCEPTED = 0x80

/** Beyond this none is recorded: a process that brings addresses to its host has no more (kernel/tun). */
export const DESCRIPTORS_MAX = 1_048_576

export class DescriptorTable {
  readonly #owners: Uint8Array

  static bytes(): SharedArrayBuffer {
    return new SharedArrayBuffer(DESCRIPTORS_MAX)
  }

  constructor(memory: SharedArrayBuffer) {
    this.#owners = new Uint8Array(memory)
  }

  took(fd: number, lane: number, isAccepted = false): void {
    this.#owners[fd] = (lane + 1) | (isAccepted ? ACCEPTED : 0)
  }

  /** Before it is closed: afterwards the number may be another's. */
  letGo(fd: number): void {
    this.#owners[fd] = 0
  }

  isAccepted(fd: number): boolean {
    return ((this.#owners[fd] ?? 0) & ACCEPTED) !== 0
  }

  /** Of one lane, or of all. */
  of(lane?: number): number[] {
    const found: number[] = []
    for (let fd = 0; fd < this.#owners.length; fd++) {
      const owner = (this.#owners[fd] as number) & LANE_MASK
      if (owner !== 0 && (lane === undefined || owner === lane + 1)) found.push(fd)
    }
    return found
  }
}
