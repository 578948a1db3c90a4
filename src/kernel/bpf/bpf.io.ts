/**
 * bpf(2). Answers as the kernel does: a descriptor or a number, or a negative errno; addresses of buffers are plain numbers,
 * see `Block`. Only where the verifier refuses a program there is more to say.
 */
import koffi from 'koffi'
import { ByteWriter } from '../../base/bytes.js'
import { messageOf } from '../../base/errors.js'
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
  update(map: number, key: number, value: number): Result
  delete(map: number, key: number): Result
  /** The values of an F_MMAPABLE array as memory of this process, until `unmap`; a negative errno where it cannot be. */
  map(map: number, bytes: number): Mapping | Result
  /** Two connected sockets of this process, as two 32-bit descriptors at `pair`. */
  socketpair(pair: number): Result
  load(type: number, attachType: number, code: Uint8Array): number | Refusal
  /** Runs a loaded program on a frame that goes nowhere. */
  testRun(program: number, frame: Uint8Array): { readonly answer: number } | { readonly errno: number }
  /** `target`: the network namespace or the interface. The link lasts as long as the descriptor that is answered. */
  attach(program: number, target: number, attachType: number, flags?: number): Result
  /** The kernel's number of the map, program or link behind a descriptor. */
  idOf(fd: number): Result
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
  const element = (command: number, map: number, key: number, value = 0) =>
    call(command, fields().u64(map).u64(key).u64(value))

  return {
    createMap: ({ type, keyBytes, valueBytes, entriesMax, flags = 0 }) => {
      const attributes = fields().u32(type).u32(keyBytes).u32(valueBytes).u32(entriesMax).u32(flags)
      const map = call(abi.MAP_CREATE, attributes)
      if (map !== -EPERM) return map
      // Before Linux 5.11 a map counts as locked memory.
      setrlimit(RLIMIT_MEMLOCK, unlimited.at)
      return call(abi.MAP_CREATE, attributes)
    },
    update: (map, key, value) => element(abi.MAP_UPDATE_ELEM, map, key, value),
    delete: (map, key) => element(abi.MAP_DELETE_ELEM, map, key),
    map: (fd, bytes) => {
      const at = checked(mmap(0, bytes, PROT_READ_WRITE, MAP_SHARED, fd, 0))
      if (at < 0) return at
      return { memory: koffi.view(at, bytes), unmap: () => munmap(at, bytes) }
    },
    socketpair: (pair) => checked(socketpair(AF_UNIX, SOCK_STREAM_NONBLOCK_CLOEXEC, 0, pair)),
    load: (type, attachType, code) => {
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
            .put(new Uint8Array(28))
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
    attach: (program, target, attachType, flags = 0) =>
      call(abi.LINK_CREATE, fields().u32(program).u32(target).u32(attachType).u32(flags)),
    idOf: (fd) => {
      const info = new Block(INFO_BYTES)
      const result = lend(info, (at) => call(abi.OBJ_GET_INFO_BY_FD, fields().u32(fd).u32(INFO_BYTES).u64(at)))
      return result < 0 ? result : new DataView(info.bytes.buffer).getUint32(4, true)
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

/** Of a text that ends with a zero. */
function tail(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return new TextDecoder()
    .decode(bytes.subarray(0, Math.max(0, end)))
    .trim()
    .slice(-LOG_TAIL_CHARS)
}
