/**
 * System calls of the control plane, which come now and then: what they cost does not matter, and buffers are plain views.
 * Each answers as the kernel itself does: a value, or a negative errno.
 */
import { getSystemErrorName } from 'node:util'
import { messageOf } from '../base/errors.js'
import koffi from '../base/native/koffi.io.js'

export interface ControlCalls {
  /** Always close-on-exec. */
  open(path: string, flags: number): number
  close(fd: number): number
  /** The lowest free number from `from` on, close-on-exec. */
  duplicateFrom(fd: number, from: number): number
  /** fcntl(2). */
  control(fd: number, command: number, argument: number): number
  socket(family: number, type: number, protocol: number): number
  bind(fd: number, sockaddr: Uint8Array): number
  connect(fd: number, sockaddr: Uint8Array): number
  listen(fd: number, backlog: number): number
  setsockopt(fd: number, level: number, option: number, value: Uint8Array): number
  getsockopt(fd: number, level: number, option: number, value: Uint8Array): number
  ioctl(fd: number, request: number, argument: Uint8Array): number
  send(fd: number, bytes: Uint8Array): number
  receive(fd: number, into: Uint8Array): number
  write(fd: number, bytes: Uint8Array): number
  /** Soft and hard limit of open files; above 2⁵³ as `Infinity`. */
  openFilesLimit(): readonly [soft: number, hard: number] | number
  setOpenFilesLimit(soft: number, hard: number): number
  prctl(option: number, argument: number): number
  /** waitpid(2) without waiting: a child that has ended is no zombie any more. 0: it lives. */
  reap(pid: number): number
  /** _exit(2): at once, and nothing of what C and Node do at the end of a process. */
  exit(status: number): void
  /** Of the calling thread. */
  unshare(flags: number): number
  /** `attributes` is a `union bpf_attr`. */
  bpf(command: number, attributes: Uint8Array): number
}

/** What cannot be done here, in words. */
export interface Lacking {
  readonly why: string
}

/** waitpid(2). */
const WNOHANG = 1
const O_CLOEXEC = 0o2000000
const F_DUPFD_CLOEXEC = 1030
const RLIMIT_NOFILE = 7
const SYS_BPF: Readonly<Record<string, number>> = { x64: 321, arm64: 280 }

type Call = (...args: (number | string | Uint8Array | null)[]) => number

let loaded: ControlCalls | Lacking | undefined

export function loadControlCalls(): ControlCalls | Lacking {
  loaded ??= load()
  return loaded
}

/** `EPERM`, for messages. */
export function errorName(result: number): string {
  return getSystemErrorName(result)
}

function load(): ControlCalls | Lacking {
  if (process.platform !== 'linux') return { why: `no system calls of Linux on ${process.platform}` }
  try {
    const library = koffi.load(null)
    return wrap((prototype) => {
      const call = library.func(prototype) as Call
      return (...args) => {
        const result = call(...args)
        // koffi keeps errno as the call left it until JavaScript asks.
        return result >= 0 ? result : -koffi.errno()
      }
    })
  } catch (error) {
    return { why: messageOf(error) }
  }
}

function wrap(declare: (prototype: string) => Call): ControlCalls {
  const open = declare('int open(str, int)')
  const close = declare('int close(int)')
  const fcntl = declare('int fcntl(int, int, int)')
  const socket = declare('int socket(int, int, int)')
  const bind = declare('int bind(int, void *, uint32_t)')
  const connect = declare('int connect(int, void *, uint32_t)')
  const listen = declare('int listen(int, int)')
  const setsockopt = declare('int setsockopt(int, int, int, void *, uint32_t)')
  const getsockopt = declare('int getsockopt(int, int, int, void *, void *)')
  const ioctl = declare('int ioctl(int, unsigned long, void *)')
  const send = declare('int send(int, void *, size_t, int)')
  const recv = declare('int recv(int, void *, size_t, int)')
  const write = declare('int write(int, void *, size_t)')
  const getrlimit = declare('int getrlimit(int, void *)')
  const setrlimit = declare('int setrlimit(int, void *)')
  const prctl = declare('int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)')
  const waitpid = declare('int waitpid(int, void *, int)')
  const exit = declare('void _exit(int)')
  const unshare = declare('int unshare(int)')
  const syscall = declare('int syscall(long, int, void *, uint32_t)')
  return {
    open: (path, flags) => open(path, flags | O_CLOEXEC),
    close: (fd) => close(fd),
    control: (fd, command, argument) => fcntl(fd, command, argument),
    duplicateFrom: (fd, from) => fcntl(fd, F_DUPFD_CLOEXEC, from),
    socket: (family, type, protocol) => socket(family, type, protocol),
    bind: (fd, sockaddr) => bind(fd, sockaddr, sockaddr.byteLength),
    connect: (fd, sockaddr) => connect(fd, sockaddr, sockaddr.byteLength),
    listen: (fd, backlog) => listen(fd, backlog),
    setsockopt: (fd, level, option, value) => setsockopt(fd, level, option, value, value.byteLength),
    getsockopt: (fd, level, option, value) => {
      return getsockopt(fd, level, option, value, new Uint8Array(Uint32Array.of(value.byteLength).buffer))
    },
    ioctl: (fd, request, argument) => ioctl(fd, request, argument),
    send: (fd, bytes) => send(fd, bytes, bytes.byteLength, 0),
    receive: (fd, into) => recv(fd, into, into.byteLength, 0),
    write: (fd, bytes) => write(fd, bytes, bytes.byteLength),
    openFilesLimit: () => {
      const limits = new BigUint64Array(2)
      const result = getrlimit(RLIMIT_NOFILE, new Uint8Array(limits.buffer))
      const [soft = 0, hard = 0] = [...limits].map((limit) =>
        limit >= 2n ** 53n ? Number.POSITIVE_INFINITY : Number(limit),
      )
      return result < 0 ? result : [soft, hard]
    },
    setOpenFilesLimit: (soft, hard) => {
      const limits = BigUint64Array.from(
        [soft, hard].map((limit) => (Number.isFinite(limit) ? BigInt(limit) : 2n ** 64n - 1n)),
      )
      return setrlimit(RLIMIT_NOFILE, new Uint8Array(limits.buffer))
    },
    reap: (pid) => waitpid(pid, null, WNOHANG),
    prctl: (option, argument) => prctl(option, argument, 0, 0, 0),
    exit: (status) => void exit(status),
    unshare: (flags) => unshare(flags),
    bpf: (command, attributes) => {
      const number = SYS_BPF[process.arch]
      return number === undefined ? -38 : syscall(number, command, attributes, attributes.byteLength)
    },
  }
}
