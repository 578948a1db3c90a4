/**
 * bpf(2). Answers as the kernel does: a descriptor or a number, or a negative errno; addresses of buffers are plain numbers,
 * see `Block`. Only where the verifier refuses a program there is more to say.
 */

import { ByteWriter } from '../../base/bytes.js'
import { messageOf } from '../../base/errors.js'
import koffi from '../../base/native/koffi.io.js'
import { EACCES, EAGAIN, EINVAL, EPERM, SOCK_STREAM_NONBLOCK_CLOEXEC } from '../constants.js'
import { addressOf, type Result } from '../syscalls.io.js'
import * as abi from './abi.js'

const SYSCALL_BPF: Readonly<Record<string, number>> = { x64: 321, arm64: 280 }
const AF_UNIX = 1
const ATTRIBUTES_BYTES = 128
const RLIMIT_MEMLOCK = 8
const INSTRUCTION_BYTES = 8
const LOAD_TRIES = 5
const LOG_BYTES = 64 * 1024
/** The verifier ends with what it refuses. */
const LOG_TAIL_CHARS = 600
/** None of the functions that are called here is reserved to the GPL. */
const LICENCE = new TextEncoder().encode('Apache-2.0\0')
/** The beginning of all kinds of `struct bpf_…_info`: a type and an id. */
const INFO_BYTES = 8
/** Of `struct bpf_prog_info` the beginning, to the end of the name. */
const PROGRAM_INFO_BYTES = 80
const PROGRAM_NAME_AT = 64
const PROGRAM_NAME_BYTES = 16
/** BPF_MPROG_MAX: there cannot be more. */
const ATTACHED_MAX = 64
const QUERY_COUNT_AT = 24
const PROT_READ_WRITE = 1 | 2
const MAP_SHARED = 1

export interface MapPlan {
  readonly type: number
  readonly keyBytes: number
  readonly valueBytes: number
  readonly entriesMax: number
  readonly flags?: number
}

export interface Refusal {
  readonly errno: number
  /** The end of the verifier's log; empty if it was not asked. */
  readonly log: string
}

export interface Bpf {
  createMap(plan: MapPlan): Result
  /** `flags`: see NOEXIST. */
  update(map: number, key: number, value: number, flags?: number): Result
  delete(map: number, key: number): Result
  /** The value of `key` to the address `value`. */
  lookUp(map: number, key: number, value: number): Result
  /** The same, and it is there no more: nobody else gets it too. */
  takeOut(map: number, key: number, value: number): Result
  /** The values of an F_MMAPABLE array as memory of this process, until `unmap`; a negative errno where it cannot be. */
  map(map: number, bytes: number): Mapping | Result
  /** Two connected sockets of this process, as two 32-bit descriptors at `pair`. */
  socketpair(pair: number): Result
  /** `name`: as tools show it, at most 15 letters, digits and underscores. */
  load(type: number, attachType: number, code: Uint8Array, name?: string): number | Refusal
  /** Runs a loaded program on a frame that goes nowhere. */
  testRun(program: number, frame: Uint8Array): { readonly answer: number } | { readonly errno: number }
  /**
   * `target`: the network namespace or the interface; `beside`: a descriptor that `flags` speak of. The link lasts as long as the
   * descriptor that is answered.
   */
  attach(program: number, target: number, attachType: number, flags?: number, beside?: number): Result
  /** The kernel's numbers of the programs that are attached there, in their order; at most as many as a look needs. */
  attached(target: number, attachType: number): readonly number[] | Result
  /** At a cgroup, for as long as that is there; without flags it takes the place of the one that is there. */
  attachForGood(program: number, cgroup: number, attachType: number, flags?: number): Result
  /** The kernel's number of the map, program or link behind a descriptor. */
  idOf(fd: number): Result
  /** A descriptor of the program of that number: to be closed. */
  openProgram(id: number): Result
  /** Of the program behind a descriptor; empty: it has none. */
  nameOf(program: number): string
  /** The first such number above `id`, of all that live in the kernel; `command`: one of …_GET_NEXT_ID. */
  nextId(command: number, id: number): Result
}

export interface Mapping {
  readonly memory: ArrayBuffer
  /** `memory` must not be touched afterwards. */
  unmap(): void
}

/** Memory that stays where it is, with its address. */
export class Block {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly at: number

  constructor(bytes: number | Uint8Array) {
    this.bytes = new Uint8Array(new ArrayBuffer(typeof bytes === 'number' ? bytes : bytes.byteLength))
    if (typeof bytes !== 'number') this.bytes.set(bytes)
    this.at = addressOf(this.bytes.buffer)
  }
}

let loaded: Bpf | { readonly why: string } | undefined

export function loadBpf(): Bpf | { readonly why: string } {
  loaded ??= tryLoad()
  return loaded
}

function tryLoad(): Bpf | { readonly why: string } {
  const number = SYSCALL_BPF[process.arch]
  if (process.platform !== 'linux' || number === undefined)
    return { why: `no BPF on ${process.platform} ${process.arch}` }
  try {
    return over(number)
  } catch (error) {
    return { why: messageOf(error) }
  }
}

function over(number: number): Bpf {
  const library = koffi.load(null)
  const declare = (prototype: string) => library.func(prototype) as (...args: number[]) => number
  const syscall = declare('long syscall(long, int, uintptr_t, uint32_t)')
  const mmap = declare('intptr_t mmap(uintptr_t, size_t, int, int, int, intptr_t)')
  const munmap = declare('int munmap(uintptr_t, size_t)')
  const socketpair = declare('int socketpair(int, int, int, uintptr_t)')
  const setrlimit = declare('int setrlimit(int, uintptr_t)')
  const given = new Block(ATTRIBUTES_BYTES)
  const unlimited = new Block(new Uint8Array(16).fill(0xff))

  /** `attributes`: the fields of `union bpf_attr` for that command, as far as they are not 0. */
  const call = (command: number, attributes: ByteWriter): Result => {
    given.bytes.fill(0)
    given.bytes.set(attributes.view())
    return checked(syscall(number, command, given.at, ATTRIBUTES_BYTES))
  }
  const element = (command: number, map: number, key: number, value = 0, flags = 0) =>
    call(command, fields().u64(map).u64(key).u64(value).u64(flags))

  return {
    createMap: ({ type, keyBytes, valueBytes, entriesMax, flags = 0 }) => {
      const attributes = fields().u32(type).u32(keyBytes).u32(valueBytes).u32(entriesMax).u32(flags)
      const map = call(abi.MAP_CREATE, attributes)
      if (map !== -EPERM) return map
      // Before Linux 5.11 a map counts as locked memory.
      setrlimit(RLIMIT_MEMLOCK, unlimited.at)
      return call(abi.MAP_CREATE, attributes)
    },
    update: (map, key, value, flags) => element(abi.MAP_UPDATE_ELEM, map, key, value, flags),
    delete: (map, key) => element(abi.MAP_DELETE_ELEM, map, key),
    lookUp: (map, key, value) => element(abi.MAP_LOOKUP_ELEM, map, key, value),
    takeOut: (map, key, value) => element(abi.MAP_LOOKUP_AND_DELETE_ELEM, map, key, value),
    map: (fd, bytes) => {
      const at = checked(mmap(0, bytes, PROT_READ_WRITE, MAP_SHARED, fd, 0))
      if (at < 0) return at
      return { memory: koffi.view(at, bytes), unmap: () => munmap(at, bytes) }
    },
    socketpair: (pair) => checked(socketpair(AF_UNIX, SOCK_STREAM_NONBLOCK_CLOEXEC, 0, pair)),
    load: (type, attachType, code, name = '') => {
      const log = code.byteLength + LICENCE.byteLength
      const block = new Block(log + LOG_BYTES)
      block.bytes.set(code)
      block.bytes.set(LICENCE, code.byteLength)
      const load = (at: number, logBytes: number) =>
        call(
          abi.PROG_LOAD,
          fields()
            .u32(type)
            .u32(code.byteLength / INSTRUCTION_BYTES)
            .u64(at)
            .u64(at + code.byteLength)
            .u32(logBytes > 0 ? 1 : 0)
            .u32(logBytes)
            .u64(logBytes > 0 ? at + log : 0)
            .u64(0)
            .put(padded(name, PROGRAM_NAME_BYTES))
            .u32(0)
            .u32(attachType),
        )
      let program = lend(block, (at) => load(at, 0))
      // The verifier gives up for a signal.
      for (let tries = 1; program === -EAGAIN && tries < LOAD_TRIES; tries++) program = lend(block, (at) => load(at, 0))
      // Only for these has it more to say.
      if (program === -EACCES || program === -EINVAL) program = lend(block, (at) => load(at, LOG_BYTES))
      return program >= 0 ? program : { errno: -program, log: tail(block.bytes.subarray(log)) }
    },
    testRun: (program, frame) => {
      const run = (at: number) => call(abi.PROG_TEST_RUN, fields().u64(program).u32(frame.byteLength).u32(0).u64(at))
      const result = lend(new Block(frame), run)
      return result < 0 ? { errno: -result } : { answer: new DataView(given.bytes.buffer).getInt32(4, true) }
    },
    attach: (program, target, attachType, flags = 0, beside = 0) =>
      call(abi.LINK_CREATE, fields().u32(program).u32(target).u32(attachType).u32(flags).u32(beside)),
    attached: (target, attachType) => {
      const ids = new Block(4 * ATTACHED_MAX)
      const asked = (at: number) =>
        call(abi.PROG_QUERY, fields().u32(target).u32(attachType).u32(0).u32(0).u64(at).u32(ATTACHED_MAX))
      const result = lend(ids, asked)
      if (result < 0) return result
      const count = new DataView(given.bytes.buffer).getUint32(QUERY_COUNT_AT, true)
      return [...new Uint32Array(ids.bytes.buffer, 0, Math.min(count, ATTACHED_MAX))]
    },
    attachForGood: (program, cgroup, attachType, flags = 0) =>
      call(abi.PROG_ATTACH, fields().u32(cgroup).u32(program).u32(attachType).u32(flags)),
    idOf: (fd) => {
      const info = new Block(INFO_BYTES)
      const result = lend(info, (at) => call(abi.OBJ_GET_INFO_BY_FD, fields().u32(fd).u32(INFO_BYTES).u64(at)))
      return result < 0 ? result : new DataView(info.bytes.buffer).getUint32(4, true)
    },
    openProgram: (id) => call(abi.PROG_GET_FD_BY_ID, fields().u32(id)),
    nameOf: (program) => {
      const info = new Block(PROGRAM_INFO_BYTES)
      const asked = (at: number) => call(abi.OBJ_GET_INFO_BY_FD, fields().u32(program).u32(PROGRAM_INFO_BYTES).u64(at))
      return lend(info, asked) < 0 ? '' : textOf(info.bytes.subarray(PROGRAM_NAME_AT))
    },
    nextId: (command, id) => {
      const result = call(command, fields().u32(id))
      return result < 0 ? result : new DataView(given.bytes.buffer).getUint32(4, true)
    },
  }
}

const lent = new Set<Block>()

/** For as long as the kernel has its address, the block is not collected. */
function lend<T>(block: Block, use: (at: number) => T): T {
  lent.add(block)
  const result = use(block.at)
  lent.delete(block)
  return result
}

const fields = () => new ByteWriter(ATTRIBUTES_BYTES)

/** koffi keeps errno as the call left it until JavaScript asks. */
function checked(result: number): Result {
  return result === -1 ? -koffi.errno() : result
}

function tail(bytes: Uint8Array): string {
  return textOf(bytes).trim().slice(-LOG_TAIL_CHARS)
}

/** It ends with a zero. */
function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, Math.max(0, bytes.indexOf(0))))
}

function padded(text: string, bytes: number): Uint8Array {
  const field = new Uint8Array(bytes)
  field.set(new TextEncoder().encode(text).subarray(0, bytes - 1))
  return field
}
