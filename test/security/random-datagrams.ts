import type { Prng } from '../../src/base/prng.js'
import { Opener, Sealer } from '../../src/gossip/seal.js'
import { nodeId } from '../gossip/profiles.js'

const FORMAT = 1
const FRIEND_EVERY = 100
/** Format, sender and boot come before, and six bytes of the counter. */
const COUNTER_TOP = 1 + 12 + 4 + 6

export interface Flood {
  readonly opened: number
  readonly threw: number
  /** How many of a member's own datagrams were opened, one in a hundred of the others. */
  readonly friend: number
  readonly ms: number
}

/**
 * Random datagrams of every length, most of them such that they get past the cheap looks: the right format, and as sender a member
 * or somebody new.
 */
export function floodOpener({
  count,
  keys,
  random,
}: {
  count: number
  keys: readonly Uint8Array[]
  random: Prng
}): Flood {
  const [key = new Uint8Array(32)] = keys
  const opener = new Opener(keys)
  const [member, sealer] = [nodeId(1), new Sealer(key, { node: nodeId(1), boot: 7 })]
  const prefix = Uint8Array.from({ length: 12 }, (_, i) => Number.parseInt(member.slice(2 * i, 2 * i + 2), 16))
  let [opened, threw, friend] = [0, 0, 0]
  const startedAt = performance.now()
  for (let i = 0; i < count; i++) {
    const bytes = random.bytes(random.below(200))
    if (random.chance(0.9)) bytes[0] = FORMAT
    // A counter that could be: above 2⁵³ it would be refused without a try.
    if (bytes.byteLength > 40) bytes.fill(0, COUNTER_TOP, COUNTER_TOP + 2)
    if (bytes.byteLength > 40 && random.chance(0.5)) bytes.set(prefix, 1)
    try {
      if (opener.open(bytes).type === 'opened') opened++
    } catch {
      threw++
    }
    if (i % FRIEND_EVERY === 0 && opener.open(sealer.seal(prefix)).type === 'opened') friend++
  }
  return { opened, threw, friend, ms: performance.now() - startedAt }
}
