/**
 * System calls through FFI. Each answers as the kernel itself does: a value, or a negative errno. Addresses of buffers
 * are plain numbers where a buffer is used again and again (user space ends below 2^47), which spares a view for each
 * call; `addressOf` gives them, and whoever asked keeps the buffer alive.
 */

import { messageOf } from '../base/errors.js'
import koffi from '../base/native/koffi.io.js'
import { F_DUPFD_CLOEXEC, MSG_NOSIGNAL, SHUT_WR } from './constants.js'

export type Result = number

export interface Syscalls {
  /** `protocol` 0: the family's own for that type. */
  socket(family: number, type: number, protocol?: number): Result
  bind(fd: number, sockaddr: number, length: number): Result
  listen(fd: number, backlog: number): Result
  accept4(fd: number, sockaddr: number, length: number, flags: number): Result
  connect(fd: number, sockaddr: number, length: number): Result
  getsockname(fd: number, sockaddr: number, length: number): Result
  getpeername(fd: number, sockaddr: number, length: number): Result
  getsockopt(fd: number, level: number, option: number, value: number, length: number): Result
  setsockopt(fd: number, level: number, option: number, value: number, length: number): Result
  ioctl(fd: number, request: number, argument: number): Result
  read(fd: number, to: number, length: number): Result
  /** As `read`, into memory whose address is not known. */
  readInto(fd: number, into: Uint8Array): Result
  /** recvfrom(2). */
  receiveFrom(fd: number, into: Uint8Array, flags: number, sockaddr: number, length: number): Result
  /** recv(2). */
  receive(fd: number, into: Uint8Array, flags: number): Result
  /** As `sendAt`, for a buffer whose address is not known. */
  send(fd: number, chunk: Uint8Array): Result
  /** Never raises SIGPIPE. */
  sendAt(fd: number, from: number, length: number): Result
  /** sendto(2). */
  sendTo(fd: number, chunk: Uint8Array, sockaddr: number, length: number): Result
  /** sendmsg(2) and recvmsg(2); `message` is the address of a `struct msghdr`. */
  sendMessage(fd: number, message: number, flags: number): Result
  receiveMessage(fd: number, message: number, flags: number): Result
  shutdownWrite(fd: number): Result
  shutdown(fd: number, how: number): Result
  close(fd: number): Result
  /** A second descriptor of the same file, close-on-exec. */
  duplicate(fd: number): Result
  /** The same, `from` or the next free one above. */
  duplicateFrom(fd: number, from: number): Result
  epollCreate(flags: number): Result
  epollCtl(epoll: number, operation: number, fd: number, event: number): Result
  epollWait(epoll: number, events: number, max: number, timeoutMs: number): Result
  eventfd(initial: number, flags: number): Result
  /** Adds 1 to an eventfd, from whatever thread. */
  signal(eventfd: number): Result
  clockGettime(clock: number, timespec: number): Result
}

type Call = (...args: (number | Uint8Array)[]) => number

let loaded: Syscalls | { readonly why: string } | undefined

export function loadSyscalls(): Syscalls | { readonly why: string } {
  loaded ??= load()
  return loaded
}

/** Not for views that may lie in the heap: their bytes would move. An ArrayBuffer's never do. */
export function addressOf(buffer: ArrayBuffer): number {
  return Number(koffi.address(buffer))
}

function load(): Syscalls | { readonly why: string } {
  if (process.platform !== 'linux') return { why: `no system calls of Linux on ${process.platform}` }
  try {
    // The process's own symbols: the same on glibc and musl.
    const library = koffi.load(null)
    return wrap((prototype) => library.func(prototype) as Call)
  } catch (error) {
    return { why: messageOf(error) }
  }
}

/** `ssize_t` is declared `int`: no length here comes near 2^31, and koffi makes no BigInt of it. */
function wrap(declare: (prototype: string) => Call): Syscalls {
  const socket = declare('int socket(int, int, int)')
  const bind = declare('int bind(int, uintptr_t, uint32_t)')
  const listen = declare('int listen(int, int)')
  const accept4 = declare('int accept4(int, uintptr_t, uintptr_t, int)')
  const connect = declare('int connect(int, uintptr_t, uint32_t)')
  const getsockname = declare('int getsockname(int, uintptr_t, uintptr_t)')
  const getpeername = declare('int getpeername(int, uintptr_t, uintptr_t)')
  const getsockopt = declare('int getsockopt(int, int, int, uintptr_t, uintptr_t)')
  const setsockopt = declare('int setsockopt(int, int, int, uintptr_t, uint32_t)')
  const ioctl = declare('int ioctl(int, unsigned long, uintptr_t)')
  const read = declare('int read(int, uintptr_t, size_t)')
  const readInto = declare('int read(int, void *, size_t)')
  const send = declare('int send(int, const void *, size_t, int)')
  const sendAt = declare('int send(int, uintptr_t, size_t, int)')
  const recv = declare('int recv(int, void *, size_t, int)')
  const recvfrom = declare('int recvfrom(int, void *, size_t, int, uintptr_t, uintptr_t)')
  const sendto = declare('int sendto(int, const void *, size_t, int, uintptr_t, uint32_t)')
  const sendmsg = declare('int sendmsg(int, uintptr_t, int)')
  const recvmsg = declare('int recvmsg(int, uintptr_t, int)')
  const shutdown = declare('int shutdown(int, int)')
  const close = declare('int close(int)')
  const fcntl = declare('int fcntl(int, int, int)')
  const epollCreate = declare('int epoll_create1(int)')
  const epollCtl = declare('int epoll_ctl(int, int, int, uintptr_t)')
  const epollWait = declare('int epoll_wait(int, uintptr_t, int, int)')
  const eventfd = declare('int eventfd(unsigned int, int)')
  const write = declare('int write(int, uintptr_t, size_t)')
  const clockGettime = declare('int clock_gettime(int, uintptr_t)')
  const one = new BigInt64Array([1n])
  const oneAt = addressOf(one.buffer)
  return {
    socket: (family, type, protocol = 0) => checked(socket(family, type, protocol)),
    bind: (fd, sockaddr, length) => checked(bind(fd, sockaddr, length)),
    listen: (fd, backlog) => checked(listen(fd, backlog)),
    accept4: (fd, sockaddr, length, flags) => checked(accept4(fd, sockaddr, length, flags)),
    connect: (fd, sockaddr, length) => checked(connect(fd, sockaddr, length)),
    getsockname: (fd, sockaddr, length) => checked(getsockname(fd, sockaddr, length)),
    getpeername: (fd, sockaddr, length) => checked(getpeername(fd, sockaddr, length)),
    getsockopt: (fd, level, option, value, length) => checked(getsockopt(fd, level, option, value, length)),
    setsockopt: (fd, level, option, value, length) => checked(setsockopt(fd, level, option, value, length)),
    ioctl: (fd, request, argument) => checked(ioctl(fd, request, argument)),
    read: (fd, to, length) => checked(read(fd, to, length)),
    readInto: (fd, into) => checked(readInto(fd, into, into.byteLength)),
    receiveFrom: (fd, into, flags, sockaddr, length) =>
      checked(recvfrom(fd, into, into.byteLength, flags, sockaddr, length)),
    receive: (fd, into, flags) => checked(recv(fd, into, into.byteLength, flags)),
    send: (fd, chunk) => checked(send(fd, chunk, chunk.byteLength, MSG_NOSIGNAL)),
    sendAt: (fd, from, length) => checked(sendAt(fd, from, length, MSG_NOSIGNAL)),
    sendTo: (fd, chunk, sockaddr, length) =>
      checked(sendto(fd, chunk, chunk.byteLength, MSG_NOSIGNAL, sockaddr, length)),
    sendMessage: (fd, message, flags) => checked(sendmsg(fd, message, flags)),
    receiveMessage: (fd, message, flags) => checked(recvmsg(fd, message, flags)),
    shutdown: (fd, how) => checked(shutdown(fd, how)),
    shutdownWrite: (fd) => checked(shutdown(fd, SHUT_WR)),
    close: (fd) => checked(close(fd)),
    duplicate: (fd) => checked(fcntl(fd, F_DUPFD_CLOEXEC, 0)),
    duplicateFrom: (fd, from) => checked(fcntl(fd, F_DUPFD_CLOEXEC, from)),
    epollCreate: (flags) => checked(epollCreate(flags)),
    epollCtl: (epoll, operation, fd, event) => checked(epollCtl(epoll, operation, fd, event)),
    epollWait: (epoll, events, max, timeoutMs) => checked(epollWait(epoll, events, max, timeoutMs)),
    eventfd: (initial, flags) => checked(eventfd(initial, flags)),
    signal: (fd) => checked(write(fd, oneAt, one.byteLength)),
    clockGettime: (clock, timespec) => checked(clockGettime(clock, timespec)),
  }
}

/** koffi keeps errno as the call left it until JavaScript asks. */
function checked(result: number): Result {
  return result >= 0 ? result : -koffi.errno()
}
