/**
 * Connections of the programs of a cgroup are led to a door on the loopback address (steer-program); whoever accepts there asks where a
 * connection was to go.
 *
 * A cgroup of our own keeps its programs when this process is gone: what runs there is to leave as the service or not at all. Where they
 * look for a port's connections among all programs of the host, they go with the process, and those leave as ever.
 */
import { closeSync, openSync } from 'node:fs'
import { type Endpoint, formatIp, isIpv6 } from '../../base/address.js'
import { AF_INET6, SOL_SOCKET } from '../constants.js'
import { errorName, loadControlCalls } from '../control-calls.io.js'
import {
  ATTACH_CGROUP_INET4_CONNECT,
  ATTACH_CGROUP_INET6_CONNECT,
  ATTACH_CGROUP_SOCK_OPS,
  MAP_TYPE_LRU_HASH,
  PROG_TYPE_CGROUP_SOCK_ADDR,
  PROG_TYPE_SOCK_OPS,
} from './abi.js'
import { Block, type Bpf, loadBpf } from './bpf.io.js'
import { Kit, type Problem } from './kit.io.js'
import {
  connect4Program,
  connect6Program,
  ORIGIN,
  ORIGIN_KEY_BYTES,
  PORT_KEY,
  type SteerOnly,
  sockOpsProgram,
} from './steer-program.js'

const SINCE = '5.8'
/** Connections that are just being made, and those whose entries nobody has asked for: the oldest make room. */
const ORIGINS_MAX = 16_384
const SO_NETNS_COOKIE = 71
const AF_INET_DATAGRAM = [2, 2] as const

export interface SteeringPlan {
  /** Folder of the cgroup. */
  readonly cgroup: string
  readonly family: 4 | 6
  /** Of the door. */
  readonly port: number
  readonly only?: Omit<SteerOnly, 'namespace'>
}

export class Steering {
  private constructor(
    private readonly kit: Kit,
    /** Descriptor of the map; see `Origins`. */
    readonly origins: number,
  ) {}

  static open({ cgroup, family, port, only }: SteeringPlan): Steering | Problem {
    return Kit.make(SINCE, (kit) => {
      const namespace = only === undefined ? 0n : ownNamespace()
      if (typeof namespace !== 'bigint') return kit.refuse(namespace.why)
      const isOfFamily = ({ net }: SteerOnly['networks'][number]) =>
        net === undefined || isIpv6(net.address) === (family === 6)
      if (only !== undefined && !only.networks.some(isOfFamily)) return kit.refuse('the service allows no destinations')
      const [keyBytes, valueBytes] = [ORIGIN_KEY_BYTES, ORIGIN.bytes]
      const origins = kit.map({ type: MAP_TYPE_LRU_HASH, keyBytes, valueBytes, entriesMax: ORIGINS_MAX })
      const plan = { origins, family, port, only: only && { ...only, namespace } }
      const at = openSync(cgroup, 'r')
      try {
        // First who takes notice of the port, then who leads there.
        const hooks = [
          [PROG_TYPE_SOCK_OPS, ATTACH_CGROUP_SOCK_OPS, sockOpsProgram(origins)],
          [PROG_TYPE_CGROUP_SOCK_ADDR, ATTACH_CGROUP_INET4_CONNECT, connect4Program(plan)],
          [PROG_TYPE_CGROUP_SOCK_ADDR, ATTACH_CGROUP_INET6_CONNECT, connect6Program(plan)],
        ] as const
        for (const [type, attachType, code] of hooks) {
          const program = kit.program(type, attachType, code)
          if (only === undefined) kit.attachForGood(program, at, attachType)
          else kit.attach(program, at, attachType)
        }
      } finally {
        closeSync(at)
      }
      return new Steering(kit, origins)
    })
  }

  close(): void {
    this.kit.close()
  }
}

/** In the thread that accepts at the door. */
export class Origins {
  /** Without BPF nothing was led here; without FFI there is not even memory for it. */
  readonly #reach: { readonly bpf: Bpf; readonly key: Block; readonly value: Block } | undefined

  constructor() {
    const bpf = loadBpf()
    if (!('why' in bpf)) this.#reach = { bpf, key: new Block(ORIGIN_KEY_BYTES), value: new Block(ORIGIN.bytes) }
  }

  /** Where the connection from that port was to go, once; `undefined`: it came by itself. */
  take(map: number, port: number): Endpoint | undefined {
    if (this.#reach === undefined) return undefined
    const { bpf, key, value } = this.#reach
    new BigUint64Array(key.bytes.buffer)[0] = PORT_KEY | BigInt(port)
    if (bpf.lookUp(map, key.at, value.at) < 0) return undefined
    bpf.delete(map, key.at)
    const view = new DataView(value.bytes.buffer)
    const length = view.getUint32(ORIGIN.family, true) === AF_INET6 ? 16 : 4
    const address = formatIp(value.bytes.slice(ORIGIN.address, ORIGIN.address + length))
    return { address, port: view.getUint16(ORIGIN.port) }
  }
}

/** What tells this process's network namespace from others (Linux 5.14). */
function ownNamespace(): bigint | Problem {
  const calls = loadControlCalls()
  if ('why' in calls) return calls
  const fd = calls.socket(...AF_INET_DATAGRAM, 0)
  if (fd < 0) return { why: `no socket: ${errorName(fd)}` }
  const value = new Uint8Array(8)
  const result = calls.getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, value)
  calls.close(fd)
  if (result < 0) return { why: `the network namespace cannot be told (${errorName(result)}): it needs Linux 5.14` }
  return new DataView(value.buffer).getBigUint64(0, true)
}
