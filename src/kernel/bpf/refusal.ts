/** Why the kernel refused something of BPF, in words that say what would help. */

import { EINVAL, ENOSYS, EPERM } from '../constants.js'

export interface BpfRights {
  /** The process's effective capabilities (capabilities(7)), as a bit set. */
  readonly effective: bigint
  /** It is in the host's own user namespace: capabilities of any other one do not count for BPF. */
  readonly isHostUser: boolean
  /** The mode of the kernel's lockdown; empty if there is none. */
  readonly lockdown: string
}

export interface RefusedCall {
  /** What was wanted: "load the program". */
  readonly what: string
  readonly errno: number
  readonly errnoName: string
  /** The end of the verifier's log, or empty. */
  readonly log: string
  /** The first kernel that can do it. */
  readonly since: string
}

const CAP_NET_ADMIN = 12n
const CAP_SYS_ADMIN = 21n
const CAP_BPF = 39n

export function whyRefused({ what, errno, errnoName, log, since }: RefusedCall, rights: BpfRights): string {
  const fact = `the kernel would not ${what} (${errnoName})`
  if (errno === ENOSYS) return `${fact}: it was built without BPF, or a sandbox forbids bpf(2)`
  if (errno === EPERM) return `${fact}: ${whyForbidden(rights)}`
  if (log !== '') return `${fact}: ${log}`
  return errno === EINVAL ? `${fact}: it needs Linux ${since}` : fact
}

function whyForbidden({ effective, isHostUser, lockdown }: BpfRights): string {
  const has = (bit: bigint) => ((effective >> bit) & 1n) === 1n
  const missing = [
    ...(has(CAP_BPF) || has(CAP_SYS_ADMIN) ? [] : ['CAP_BPF']),
    ...(has(CAP_NET_ADMIN) ? [] : ['CAP_NET_ADMIN']),
  ]
  if (missing.length > 0) return `the process lacks ${missing.join(' and ')}`
  if (!isHostUser) return 'capabilities of a user namespace do not count for BPF'
  if (lockdown !== '' && lockdown !== 'none') return `the kernel is locked down (${lockdown})`
  return 'a sandbox or a security module forbids it'
}
