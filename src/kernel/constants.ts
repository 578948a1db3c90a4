/** Numbers of the Linux ABI that are the same on x64 and arm64, under the names of the C headers. */
export const AF_INET = 2
export const AF_INET6 = 10
export const SOCK_STREAM_NONBLOCK_CLOEXEC = 1 | 0o4000 | 0o2000000
export const SOCK_NONBLOCK_CLOEXEC = 0o4000 | 0o2000000

export const SOL_SOCKET = 1
export const SO_REUSEADDR = 2
export const SO_ERROR = 4
export const SO_KEEPALIVE = 9
export const SO_LINGER = 13
export const IPPROTO_IP = 0
export const IP_BIND_ADDRESS_NO_PORT = 24
export const IPPROTO_IPV6 = 41
export const IPV6_V6ONLY = 26
export const IPPROTO_TCP = 6
export const TCP_NODELAY = 1
export const TCP_KEEPIDLE = 4
export const TCP_KEEPINTVL = 5
export const TCP_KEEPCNT = 6
export const SIOCOUTQ = 0x5411
export const MSG_NOSIGNAL = 0x4000
export const SHUT_WR = 1
export const F_DUPFD_CLOEXEC = 1030
export const CLOCK_BOOTTIME = 7

export const EPOLL_CLOEXEC = 0o2000000
export const EFD_NONBLOCK_CLOEXEC = 0o4000 | 0o2000000
export const EPOLL_CTL_ADD = 1
export const EPOLL_CTL_DEL = 2
export const EPOLLIN = 0x1
export const EPOLLPRI = 0x2
export const EPOLLOUT = 0x4
export const EPOLLERR = 0x8
export const EPOLLHUP = 0x10
export const EPOLLRDHUP = 0x2000
export const EPOLLEXCLUSIVE = 1 << 28
/** Bit 31: negative, as the events are read and written as signed words. */
export const EPOLLET = 1 << 31

export const EPERM = 1
export const EINTR = 4
export const EAGAIN = 11
export const EACCES = 13
export const EEXIST = 17
export const ENODEV = 19
export const EINVAL = 22
export const ENOSYS = 38
export const EPROTO = 71
export const EADDRNOTAVAIL = 99
export const ECONNABORTED = 103
export const ETIMEDOUT = 110
export const EINPROGRESS = 115
