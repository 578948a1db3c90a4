/** Numbers of linux/bpf.h, under its names without their prefixes. */
export const MAP_CREATE = 0
export const MAP_LOOKUP_ELEM = 1
export const MAP_UPDATE_ELEM = 2
export const MAP_DELETE_ELEM = 3
export const PROG_LOAD = 5
export const PROG_ATTACH = 8
export const PROG_TEST_RUN = 10
export const PROG_GET_NEXT_ID = 11
export const MAP_GET_NEXT_ID = 12
/** Reserved to CAP_SYS_ADMIN. */
export const PROG_GET_FD_BY_ID = 13
export const OBJ_GET_INFO_BY_FD = 15
export const PROG_QUERY = 16
export const MAP_LOOKUP_AND_DELETE_ELEM = 21
export const LINK_CREATE = 28
export const LINK_GET_NEXT_ID = 31

export const MAP_TYPE_HASH = 1
export const MAP_TYPE_ARRAY = 2
export const MAP_TYPE_LRU_HASH = 9
export const MAP_TYPE_SOCKMAP = 15
/** The values of an array can be mapped into the process's memory (Linux 5.5). */
export const F_MMAPABLE = 1 << 10

export const PROG_TYPE_SCHED_CLS = 3
/** Linux 5.9. */
export const PROG_TYPE_SK_LOOKUP = 30
export const ATTACH_SK_LOOKUP = 36
export const PROG_TYPE_SOCK_OPS = 13
export const ATTACH_CGROUP_SOCK_OPS = 3
/** Linux 4.17; what our programs ask of it, 5.8. */
export const PROG_TYPE_CGROUP_SOCK_ADDR = 18
export const ATTACH_CGROUP_INET4_CONNECT = 10
export const ATTACH_CGROUP_INET6_CONNECT = 11
/** Programs of a cgroup and of those above it all run. */
export const F_ALLOW_MULTI = 1 << 1
/** Linux 6.6. */
export const ATTACH_TCX_INGRESS = 46
export const ATTACH_TCX_EGRESS = 47
/** Of tcx: before, or behind, the one that is named beside it; before all if none is. */
export const F_BEFORE = 1 << 3
export const F_AFTER = 1 << 4
/** It is named by a descriptor of its link. */
export const F_LINK = 1 << 13
/** An element is only made, not changed. */
export const NOEXIST = 1

export const FUNC_MAP_LOOKUP_ELEM = 1
export const FUNC_MAP_UPDATE_ELEM = 2
export const FUNC_SKB_STORE_BYTES = 9
export const FUNC_L4_CSUM_REPLACE = 11
export const FUNC_GET_SOCKET_COOKIE = 46
export const FUNC_SKB_LOAD_BYTES_RELATIVE = 68
export const FUNC_SK_RELEASE = 86
export const FUNC_GET_NETNS_COOKIE = 122
export const FUNC_SK_ASSIGN = 124
export const FUNC_KTIME_GET_BOOT_NS = 125

/** What a program on an interface answers: ask the next one; let it pass, and ask no other; or drop. */
export const TCX_NEXT = -1
export const TCX_PASS = 0
export const TCX_DROP = 2

export const SK_DROP = 0
export const SK_PASS = 1

/** Offsets in `struct bpf_sk_lookup`. Addresses are in network order, the local port is a number. */
export const SK_LOOKUP = {
  family: 8,
  protocol: 12,
  remoteIp4: 16,
  remoteIp6: 20,
  localIp4: 40,
  localIp6: 44,
  localPort: 60,
} as const

/** Offsets in `struct bpf_sock_addr`, addresses and port in network order; and in the `struct bpf_sock` that `socket` points to. */
export const SOCK_ADDR = {
  userIp4: 4,
  userIp6: 8,
  userPort: 24,
  type: 32,
  protocol: 36,
  socket: 64,
  sourceIp4: 24,
  sourceIp6: 28,
} as const

/** Offsets in `struct bpf_sock_ops`; the local port is a number. `tcpConnect`: an active socket has its port, and sends its SYN. */
export const SOCK_OPS = { op: 0, localPort: 68, tcpConnect: 3 } as const

/** Offset in `struct __sk_buff`: bytes of the frame, its link header among them. */
export const SK_BUFF_LENGTH = 0
/** Offset in `struct __sk_buff`: the EtherType, in network order; of a frame whose VLAN tag is metadata, the one within. */
export const SK_BUFF_PROTOCOL = 16
/** `bpf_skb_load_bytes_relative`: from the network header on. */
export const HDR_START_NET = 1
