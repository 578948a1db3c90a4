/**
 * On a host of its own: segments that seem to come from clients of others, without knowing their sequence numbers to the byte. Each
 * of them may be what a client sends; none is what this client could have sent now. A line when it is ready; it begins at SIGUSR2.
 *
 * usage: forger-main.ts ADDRESS PORT CLIENT FOR-MS SOURCE-PORT:SEQ:ACK[:talks] ...
 */
import { parseIp } from '../../src/base/address.js'
import { assert } from '../../src/base/assert.js'
import { ByteWriter } from '../../src/base/bytes.js'
import { Prng } from '../../src/base/prng.js'
import { CHECKSUM_AT, checksum, encodeSegment, FLAG } from '../../src/handoff/segment.js'
import { advance } from '../../src/handoff/sequence.js'
import { SOCK_RAW } from '../../src/kernel/constants.js'
import { loadControlCalls } from '../../src/kernel/control-calls.io.js'
import { ip4 } from '../kernel/bpf/frames.js'

const [AF_INET, IPPROTO_RAW] = [2, 255]
const EVERY_MS = 20
/** Of all windows, and far within every client's. */
const NEAR_BYTES = 30_000

interface Forged {
  readonly seq: number
  readonly ack: number
  readonly flags: number
  readonly bytes?: number
}

const [address = '', port = '', client = '', forMs = '', ...victims] = process.argv.slice(2)
const calls = loadControlCalls()
if ('why' in calls) throw new Error(calls.why)
const { send: put } = calls
const fd = calls.socket(AF_INET, SOCK_RAW, IPPROTO_RAW)
const to = parseIp(address)
assert(fd >= 0 && to !== undefined, 'a raw socket')
const name = new ByteWriter(16).u16(AF_INET).u16be(0).put(to).put(new Uint8Array(8)).finish()
assert(calls.connect(fd, name) === 0, 'it is connected')

const random = new Prng(1)
const any = () => random.below(2 ** 32)
const near = () => 2 + random.below(NEAR_BYTES)

/** `seq`, `ack`: what the client sends next, and expects next; of one that talks, they were so a while ago. */
function forgeries(seq: number, ack: number, talks: boolean): readonly Forged[] {
  const anywhere: readonly Forged[] = [
    { seq: any(), ack: 0, flags: FLAG.syn },
    { seq: any(), ack: any(), flags: FLAG.rst },
    { seq: any(), ack: any(), flags: FLAG.rst | FLAG.ack },
    { seq: any(), ack: any(), flags: FLAG.ack },
    { seq: any(), ack: any(), flags: FLAG.ack, bytes: 100 },
    { seq: advance(seq, near()), ack: 0, flags: FLAG.syn },
    { seq: advance(seq, near()), ack: any(), flags: FLAG.ack },
    { seq: advance(seq, near()), ack: any(), flags: FLAG.ack, bytes: 100 },
    { seq: advance(seq, -near()), ack, flags: FLAG.rst },
  ]
  // Where a client that talks will be by then nobody knows, so these might fit.
  if (talks) return anywhere
  return [
    ...anywhere,
    { seq: advance(seq, near()), ack, flags: FLAG.rst },
    { seq: advance(seq, near()), ack, flags: FLAG.rst | FLAG.ack },
    { seq: advance(seq, near()), ack: advance(ack, near()), flags: FLAG.ack },
    { seq: advance(seq, near()), ack: advance(ack, near()), flags: FLAG.ack, bytes: 100 },
    { seq: advance(seq, near()), ack: advance(ack, -near()), flags: FLAG.ack },
    { seq, ack: advance(ack, near()), flags: FLAG.ack },
  ]
}

function send(sourcePort: number, { bytes = 0, ...words }: Forged): void {
  const [from, at] = [
    { address: client, port: sourcePort },
    { address, port: Number(port) },
  ]
  const header = encodeSegment(from, at, words)
  const segment = new Uint8Array(header.byteLength + bytes).fill(0x58)
  segment.set(header)
  const view = new DataView(segment.buffer)
  view.setUint16(CHECKSUM_AT, 0)
  view.setUint16(CHECKSUM_AT, checksum(parseIp(client) ?? segment, parseIp(address) ?? segment, segment))
  put(fd, ip4(client, address, segment))
}

let round = 0
function forge(): void {
  for (const [i, victim] of victims.entries()) {
    const [sourcePort = 0, seq = 0, ack = 0] = victim.split(':').map(Number)
    // Two of four hear of no end: what others say shows only with them.
    const isSpared = ({ flags }: Forged) => i % 4 < 2 && (flags & (FLAG.syn | FLAG.rst)) !== 0
    const all = forgeries(seq, ack, victim.endsWith('talks')).filter((one) => !isSpared(one))
    // Each client hears another one first.
    for (const turn of [round + i, round + i + 1]) send(sourcePort, all[turn % all.length] as Forged)
  }
  round += 2
}

process.once('SIGUSR2', () => {
  forge()
  setInterval(forge, EVERY_MS)
  setTimeout(() => process.exit(), Number(forMs))
})
// Until then.
setInterval(() => {}, 60_000)
process.stdout.write('ready\n')
