/** How a program is put on both directions of an interface: by tcx links, or by filters of clsact where there is no tcx. */
import { EEXIST, ENODEV, SOCK_NONBLOCK_CLOEXEC, SOCK_RAW } from '../constants.js'
import type { Result, Syscalls } from '../syscalls.io.js'
import { ATTACH_TCX_EGRESS, ATTACH_TCX_INGRESS, F_AFTER, F_BEFORE, F_LINK } from './abi.js'
import { Block, type Bpf } from './bpf.io.js'
import {
  type Direction,
  decodeAck,
  encodeAddClsact,
  encodeDeleteFilter,
  encodeSetFilter,
  GRAVE_PLACES,
  LEASE_PLACE,
  type Place,
} from './clsact.js'

const AF_NETLINK = 16
const NETLINK_ROUTE = 0
const ANSWER_BYTES = 4_096
/** No interface has this index: whether there is tcx shows in what is wrong with it. */
const NO_INTERFACE = 0x7fffffff
const DIRECTIONS: readonly Direction[] = ['ingress', 'egress']

/** What names of programs of Baton begin with, as `bpftool net` shows them. */
export const OWN_NAMES = 'baton_'

export type HookName = 'tcx' | 'clsact'

/** On an interface. */
export interface Attached {
  readonly undo: () => void
  /** Its link on the way out, where it is there by links: another program can be put right behind it. */
  readonly egress?: number
}

export interface InterfaceHook {
  readonly name: HookName
  /** All or nothing; or a negative errno. */
  attach(program: number, ifindex: number): Attached | Result
}

/** Whether the kernel (6.6) has tcx: 0, or what it says instead. */
export function tryTcx(bpf: Bpf, program: number): Result {
  const answer = bpf.attach(program, NO_INTERFACE, ATTACH_TCX_INGRESS)
  return answer === -ENODEV ? 0 : answer
}

/** By links, that go with the process; before all other programs. */
export function tcx(bpf: Bpf, sys: Syscalls): InterfaceHook {
  return {
    name: 'tcx',
    attach: (program, ifindex) => {
      let egress = -1
      const undo = both((direction) => {
        const type = direction === 'ingress' ? ATTACH_TCX_INGRESS : ATTACH_TCX_EGRESS
        const link = bpf.attach(program, ifindex, type, F_BEFORE)
        if (direction === 'egress') egress = link
        return link < 0 ? link : () => sys.close(link)
      })
      return typeof undo === 'number' ? undo : { undo, egress }
    },
  }
}

/**
 * On the way out, before the programs of others, which may end the round: right behind the one that the link `behind` is of, or before all.
 * The descriptor of its link, or a negative errno.
 */
export function tcxEgress(bpf: Bpf, program: number, ifindex: number, behind: number | undefined): Result {
  if (behind === undefined) return bpf.attach(program, ifindex, ATTACH_TCX_EGRESS, F_BEFORE)
  return bpf.attach(program, ifindex, ATTACH_TCX_EGRESS, F_AFTER | F_LINK, behind)
}

/**
 * What is attached to the interface before `program`, in words, each once: one that was put first later on. Those of other processes of Baton
 * end no round; they are told by their names, which only CAP_SYS_ADMIN may read.
 */
export function programsAhead(bpf: Bpf, sys: Syscalls, program: number, ifindex: number): readonly string[] {
  const own = bpf.idOf(program)
  const ahead = new Set<string>()
  for (const type of [ATTACH_TCX_INGRESS, ATTACH_TCX_EGRESS]) {
    const ids = bpf.attached(ifindex, type)
    if (typeof ids === 'number') continue
    for (const id of ids.slice(0, Math.max(0, ids.indexOf(own)))) ahead.add(wordsOf(bpf, sys, id))
  }
  ahead.delete('')
  return [...ahead]
}

/** Empty: it is Baton's. */
function wordsOf(bpf: Bpf, sys: Syscalls, id: number): string {
  const fd = bpf.openProgram(id)
  if (fd < 0) return `program ${id}`
  const name = bpf.nameOf(fd)
  sys.close(fd)
  return name.startsWith(OWN_NAMES) ? '' : `program ${id}${name === '' ? '' : ` (${name})`}`
}

/**
 * By filters, that stay when the process is killed: a program that is put here must see for itself whether its process lives.
 * There is one place for it on an interface. The queueing discipline is left there, as others may use it by then.
 */
export function clsact(sys: Syscalls): InterfaceHook {
  const filters = new Filters(sys)
  return {
    name: 'clsact',
    attach: (program, ifindex) => {
      const undo = both((direction) => filters.set(ifindex, direction, program, LEASE_PLACE))
      return typeof undo === 'number' ? undo : { undo }
    },
  }
}

export interface Burial {
  /** How to take it off, or a negative errno. */
  attach(program: number, ifindex: number): (() => void) | Result
  /** Some interface has programs of earlier lives. */
  readonly hasOthers: boolean
  /** Takes the programs of earlier lives off an interface. */
  clear(ifindex: number): void
}

/** The one direction of a program that goes on when its process is dead. Those of earlier lives stay where they are. */
export function buried(sys: Syscalls): Burial {
  const filters = new Filters(sys)
  const own = new Map<number, Place>()
  const crowded = new Set<number>()
  return {
    get hasOthers() {
      return crowded.size > 0
    },
    attach: (program, ifindex) => {
      for (const place of GRAVE_PLACES) {
        const undo = filters.set(ifindex, 'egress', program, place, true)
        if (undo !== -EEXIST) {
          own.set(ifindex, place)
          return undo
        }
        crowded.add(ifindex)
      }
      // So many have died within minutes that nobody is served anyway.
      const [place = LEASE_PLACE] = GRAVE_PLACES
      own.set(ifindex, place)
      return filters.set(ifindex, 'egress', program, place)
    },
    clear: (ifindex) => {
      crowded.delete(ifindex)
      for (const place of GRAVE_PLACES) if (place !== own.get(ifindex)) filters.remove(ifindex, 'egress', place)
    },
  }
}

class Filters {
  readonly #answer = new Block(ANSWER_BYTES)

  constructor(private readonly sys: Syscalls) {}

  /** How to take it off, or a negative errno. */
  set(ifindex: number, direction: Direction, program: number, place: Place, isNew = false): (() => void) | Result {
    const made = this.#ask(encodeAddClsact(ifindex))
    if (made < 0 && made !== -EEXIST) return made
    const set = this.#ask(encodeSetFilter(ifindex, direction, program, place, isNew))
    return set < 0 ? set : () => this.remove(ifindex, direction, place)
  }

  remove(ifindex: number, direction: Direction, place: Place): void {
    this.#ask(encodeDeleteFilter(ifindex, direction, place))
  }

  /** One question to rtnetlink: 0 or a negative errno. */
  #ask(message: Uint8Array): Result {
    const { sys } = this
    const fd = sys.socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK_CLOEXEC, NETLINK_ROUTE)
    if (fd < 0) return fd
    const sent = sys.send(fd, message)
    const length = sent < 0 ? sent : sys.read(fd, this.#answer.at, ANSWER_BYTES)
    sys.close(fd)
    return length < 0 ? length : -(decodeAck(this.#answer.bytes.subarray(0, length)) ?? 0)
  }
}

function both(attach: (direction: Direction) => (() => void) | Result): (() => void) | Result {
  const undo: (() => void)[] = []
  for (const direction of DIRECTIONS) {
    const attached = attach(direction)
    if (typeof attached === 'number') {
      for (const one of undo) one()
      return attached
    }
    undo.push(attached)
  }
  return () => {
    for (const one of undo) one()
  }
}
