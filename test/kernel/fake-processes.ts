/** The processes of a host that is made up: what they are called, whose children they are, which sockets they hold. */
import type { Processes } from '../../src/kernel/listener-programs.js'

interface FakeProcess {
  name: string
  readonly parent?: number
  /** Descriptor → inode. */
  sockets: Record<number, number>
}

export class FakeProcesses implements Processes {
  /** How often descriptors of any process were read through. */
  reads = 0
  readonly #all = new Map<number, FakeProcess>()

  constructor(private readonly onStep: () => void = () => {}) {}

  set(pid: number, name: string, { parent, sockets = {} }: { parent?: number; sockets?: Record<number, number> } = {}) {
    this.#all.set(pid, { name, sockets, ...(parent === undefined ? {} : { parent }) })
  }

  end(pid: number): void {
    this.#all.delete(pid)
  }

  *newestFirst(): Generator<number | undefined> {
    this.onStep()
    yield* [...this.#all.keys()].sort((a, b) => b - a)
  }

  *socketsOf(pid: number) {
    this.reads++
    for (const [fd, inode] of Object.entries(this.#all.get(pid)?.sockets ?? {})) {
      this.onStep()
      yield { inode, fd: Number(fd) }
    }
  }

  socketAt(pid: number, fd: number) {
    return this.#all.get(pid)?.sockets[fd]
  }

  program(pid: number) {
    const name = this.#all.get(pid)?.name
    return name === undefined ? undefined : { pid, name }
  }

  parentOf(pid: number) {
    return this.#all.get(pid)?.parent
  }
}
