import type { Syscalls } from './syscalls.io.js'

/** Told of each descriptor that comes and goes. */
export interface DescriptorRecord {
  took(fd: number, isAccepted: boolean): void
  letGo(fd: number): void
}

/** The same calls; what they open and close is recorded. A duplicate is made for others, and is theirs to record. */
export function recorded(sys: Syscalls, record: DescriptorRecord): Syscalls {
  const noted = (fd: number, isAccepted = false) => {
    if (fd >= 0) record.took(fd, isAccepted)
    return fd
  }
  return {
    ...sys,
    socket: (family, type, protocol) => noted(sys.socket(family, type, protocol)),
    accept4: (fd, sockaddr, length, flags) => noted(sys.accept4(fd, sockaddr, length, flags), true),
    epollCreate: (flags) => noted(sys.epollCreate(flags)),
    eventfd: (initial, flags) => noted(sys.eventfd(initial, flags)),
    close: (fd) => {
      record.letGo(fd)
      return sys.close(fd)
    },
  }
}
