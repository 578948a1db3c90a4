/**
 * Kernel work as data: which step comes after which is decided and tested without a kernel; kernel/repair does them one by one. The
 * order is the kernel's (net/ipv4/tcp.c; kernel-notes 1).
 */
import type { Endpoint } from '../base/address.js'
import type { Traits } from './snapshot.js'

/** Of a socket in repair mode: which of its queues sequence numbers and bytes are about. */
export type Queue = 'none' | 'receive' | 'send'

export type RestoreStep =
  /** What comes is dropped from now on, or no more. */
  | { readonly op: 'deafen' | 'hear' }
  | { readonly op: 'repair'; readonly mode: 'on' }
  /** With a window probe, which the peer answers. */
  | { readonly op: 'repair'; readonly mode: 'off' }
  | { readonly op: 'transparent'; readonly family: 4 | 6; readonly on: boolean }
  | { readonly op: 'reuse-address' }
  /** Acknowledgements wait for an answer that they could go with, 40 ms at most. */
  | { readonly op: 'delay-acknowledgements' }
  /** The socket that has the connection until now is closed; in repair mode that is silent. */
  | { readonly op: 'make-way' }
  | { readonly op: 'bind' | 'connect'; readonly to: Endpoint }
  | { readonly op: 'queue'; readonly queue: Queue }
  | { readonly op: 'set-seq'; readonly seq: number }
  | { readonly op: 'set-mss'; readonly mss: number }
  | { readonly op: 'set-options'; readonly options: Pick<Traits, 'mss' | 'sack' | 'windowScale' | 'timestamp'> }
  | { readonly op: 'set-clock'; readonly timestamp: number }
  /** `struct tcp_repair_window`: snd_wl1, snd_wnd, max_window, rcv_wnd, rcv_wup. */
  | { readonly op: 'set-window'; readonly words: readonly [number, number, number, number, number] }

export type CaptureStep =
  /** What comes is dropped from now on. */
  | { readonly op: 'deafen' }
  | { readonly op: 'repair'; readonly mode: 'on' }
  | { readonly op: 'queue'; readonly queue: Queue }
  /** TCP_INFO, TCP_MAXSEG, TCP_TIMESTAMP, TCP_REPAIR_WINDOW. */
  | { readonly op: 'read-info' | 'read-mss' | 'read-clock' | 'read-window' }
  /** Of the queue that is chosen: its next sequence number, what it holds (SIOCINQ, SIOCOUTQ), and that itself. */
  | { readonly op: 'read-seq' | 'count' | 'peek'; readonly queue: 'receive' | 'send' }
