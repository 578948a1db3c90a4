/**
 * Where what this host acknowledges to clients is held back (ack-hold-program): the maps, which lanes fill (held-acks), and the program on
 * the interfaces. It goes with the process, as the clients' sockets do.
 */
import { EINVAL } from '../constants.js'
import { MAP_TYPE_HASH, PROG_TYPE_SCHED_CLS } from './abi.js'
import { ackHoldProgram, HELD, HELD_KEY } from './ack-hold-program.js'
import { OWN_NAMES, tcxEgress, tryTcx } from './interface-hook.io.js'
import { Kit, type Problem } from './kit.io.js'
import { refused } from './rights.io.js'

/** Of tcx: filters of clsact have one place each on an interface, which is the lease gate's. */
const SINCE = '6.6'

/** Connections of one process; those beyond are acknowledged at once. Some 3 MB of the kernel's memory. */
export const HELD_MAX = 16_384

/** Descriptors of its maps. */
export interface HeldMaps {
  readonly connections: number
  readonly held: number
}

export class AckHold {
  readonly #attached = new Map<number, number>()

  private constructor(
    private readonly kit: Kit,
    readonly maps: HeldMaps,
    private readonly program: number,
  ) {}

  static open(): AckHold | Problem {
    return Kit.make(SINCE, (kit) => {
      const connections = kit.map({
        type: MAP_TYPE_HASH,
        keyBytes: HELD_KEY.bytes,
        valueBytes: 4,
        entriesMax: HELD_MAX,
      })
      const held = kit.array(HELD.bytes, HELD_MAX).fd
      const code = ackHoldProgram({ connections, held })
      const program = kit.program(PROG_TYPE_SCHED_CLS, 0, code, `${OWN_NAMES}hold`)
      const refusal = tryTcx(kit.bpf, program)
      if (refusal < 0) kit.refuse(refused('use tcx', refusal, SINCE).why)
      return new AckHold(kit, { connections, held }, program)
    })
  }

  /** `behind`: right behind the program of that link, whose drops are not to be taken for what the client was told; or before all. */
  attach(ifindex: number, behind?: number): Problem | undefined {
    if (this.#attached.has(ifindex)) return undefined
    const link = tcxEgress(this.kit.bpf, this.program, ifindex, behind)
    if (link < 0) return refused(`hold back acknowledgements on interface ${ifindex}`, link, SINCE)
    this.#attached.set(ifindex, link)
    return undefined
  }

  /** Also for an interface that is gone: its number may be given to another one. */
  detach(ifindex: number): void {
    const link = this.#attached.get(ifindex)
    if (link !== undefined) this.kit.sys.close(link)
    this.#attached.delete(ifindex)
  }

  /** 0, or a negative errno: what the program says of an Ethernet frame, as it leaves. */
  judge(frame: Uint8Array): number {
    const result = this.kit.bpf.testRun(this.program, frame)
    return 'errno' in result ? -(result.errno || EINVAL) : result.answer
  }

  close(): void {
    for (const ifindex of [...this.#attached.keys()]) this.detach(ifindex)
    this.kit.close()
  }
}
