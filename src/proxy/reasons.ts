import type { CloseCause } from './endpoint.js'

/**
 * Why a splice was refused or reset, as a byte on the wire and a word for people. Numbers never change their meaning;
 * a number that a newer release invented reads as `other`.
 */
export const REASONS = {
  other: 0,
  /** The other end of the splice sent RST. */
  'peer-reset': 1,
  'connect-refused': 2,
  'connect-timeout': 3,
  unreachable: 4,
  /** The node's host is out of descriptors, ports or memory. */
  exhausted: 5,
  /** No program of that node listens on the port. */
  'no-listener': 6,
  /** The service, or that port of it, is not known there. */
  'unknown-service': 7,
  /** The frame's term is not the one obeyed there. */
  'stale-term': 8,
  'lease-lost': 9,
  'link-lost': 10,
  'idle-limit': 11,
  /** A bound of the protocol was overstepped, or an offset did not fit: a fault of the other side. */
  'protocol-error': 12,
  'node-stopping': 13,
  'service-removed': 14,
  /** This release knows the frame and cannot do it yet. */
  'not-yet': 15,
  /** No node could take the connection. */
  'no-backend': 16,
  /** Bytes of the client were acknowledged by a director that died with them. */
  'input-lost': 17,
  /** Its node is drained, and the time for that is up. */
  drained: 18,
  /** Every node had as many connections as it may, and so had the queue; or it stayed so for too long. */
  'queue-full': 20,
  'queue-timeout': 21,
  /** Its program is not healthy any more, or does not serve, and the service does not keep such connections. */
  'backend-unhealthy': 22,
  'backend-removed': 23,
  /** The node does not direct the service, or does not yet: ask again. */
  'not-here': 24,
  /** The service does not allow connections to that destination. */
  'not-allowed': 25,
  /** Its program has ended, and not the connection alone: nothing was waited for on either side. */
  'program-gone': 26,
} as const

export type Reason = keyof typeof REASONS

const CAUSES: Readonly<Record<CloseCause, Reason>> = {
  ended: 'other',
  reset: 'peer-reset',
  refused: 'connect-refused',
  unreachable: 'unreachable',
  timeout: 'connect-timeout',
  exhausted: 'exhausted',
  aborted: 'other',
}

/** Why a connection would end with its director (`mortal`), where both its halves are in one process. */
export const PROGRAM_BESIDE = 'its program is on the director’s own host'

/** Why a client is acknowledged what is not safe yet, of a service with `--uploads survive`: labels of a metric, which only grow. */
export const UNHELD = {
  unserved: 'no program serves it yet',
  notHere: 'this node holds no acknowledgements',
  beside: PROGRAM_BESIDE,
  mortal: 'its socket cannot be rebuilt elsewhere',
  full: 'as many as there is room for are held already',
  refused: 'the kernel has refused it',
  broken: 'its data link is being replaced',
  beginning: 'it is held from the next look on',
} as const

/** The director may not act any more: its clients are another's now, or will be, and their backend halves wait for that one. */
export function isForsaken(reason: Reason): boolean {
  return reason === 'lease-lost' || reason === 'stale-term'
}

/** Of a socket that was closed. */
export function reasonOfClose(cause: CloseCause): Reason {
  return CAUSES[cause]
}

const NAMES = new Map<number, Reason>(Object.entries(REASONS).map(([name, code]) => [code, name as Reason]))

export function reasonOf(code: number): Reason {
  return NAMES.get(code) ?? 'other'
}
