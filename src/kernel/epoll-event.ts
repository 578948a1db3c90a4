import { EPOLLERR, EPOLLET, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLPRI, EPOLLRDHUP } from './constants.js'

/**
 * Where the parts of a `struct epoll_event` lie, in 32-bit words. The kernel packs it on x86-64 (so that 32-bit programs
 * share the layout) and on no other architecture. The 64 bits of data carry the descriptor and its generation.
 */
export interface EpollEventLayout {
  readonly words: number
  readonly fdWord: number
  readonly generationWord: number
}

export function epollEventLayout(arch: string): EpollEventLayout {
  return arch === 'x64' ? { words: 3, fdWord: 1, generationWord: 2 } : { words: 4, fdWord: 2, generationWord: 3 }
}

/** What a socket is registered for. */
export const INTEREST = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET
export const READABLE = EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLERR | EPOLLHUP
/** After these a short read does not mean that the kernel's queue is empty. */
export const MORE_THAN_BYTES = EPOLLPRI | EPOLLRDHUP | EPOLLERR | EPOLLHUP
