/**
 * Why a control link was refused or closed, in the words of each reader: a number for the wire, a name for programs, a
 * sentence for people. A number is never used again for something else.
 */
const CODES = {
  other: [0, 'for a reason that this release does not know'],
  'wrong-key': [1, 'wrong cluster key'],
  version: [2, 'no common version of the control protocol'],
  duplicate: [3, 'another connection of the same two nodes is kept'],
  'old-boot': [4, 'it speaks for an earlier start of its node: its state folder was copied or set back'],
  'too-many': [5, 'too many links'],
  stopping: [6, 'the node is stopping'],
  unwanted: [7, 'no longer a member'],
  replaced: [8, 'a newer connection takes its place'],
  overflow: [9, 'it does not read what is sent to it'],
  silence: [10, 'nothing heard from it'],
  malformed: [11, 'a message that makes no sense'],
  deadline: [12, 'it did not prove itself in time'],
  'wrong-node': [13, 'another node than expected'],
  /** The connection ended or broke; only known at this end. */
  lost: [14, 'connection failed'],
  banned: [15, 'it is banned from the cluster'],
} as const

export type CloseCode = keyof typeof CODES

export interface LinkClose {
  readonly code: CloseCode
  /** Who closed it. */
  readonly by: 'us' | 'them'
  /** What the code does not say; may be empty. */
  readonly detail: string
  /** Of a `lost` one: the system's word, such as ECONNREFUSED. */
  readonly errno?: string
}

const NAMES = new Map<number, CloseCode>()
for (const name of Object.keys(CODES) as CloseCode[]) NAMES.set(CODES[name][0], name)

export function closeNumber(code: CloseCode): number {
  return CODES[code][0]
}

export function closeCodeOf(number: number): CloseCode {
  return NAMES.get(number) ?? 'other'
}

/** `refused or closed by the peer: wrong cluster key`. */
export function describeClose({ code, by, detail }: LinkClose): string {
  const sentence = CODES[code][1]
  const whole = detail === '' ? sentence : `${sentence}: ${detail}`
  return by === 'us' ? whole : `the peer says: ${whole}`
}
