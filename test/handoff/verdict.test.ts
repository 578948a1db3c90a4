import { Prng } from '../../src/base/prng.js'
import { FLAG, type Segment } from '../../src/handoff/segment.js'
import { advance } from '../../src/handoff/sequence.js'
import { type Verdict, VerdictWatch } from '../../src/handoff/verdict.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('handoff/verdict')
const EXPECTED = 0xffffff00
const DARK_MS = 300
/** 1 s + 2 × dark. */
const HOLE_MS = 1_600

/** A segment that begins so many bytes beyond what is expected. */
function segment(beyond: number, length: number, flags: number = FLAG.ack): Segment {
  return { sourcePort: 1, destinationPort: 2, seq: advance(EXPECTED, beyond), ack: 100, length, flags }
}

/** What the segments, heard at these times, lead to by `until`; `taken`: when the socket had bytes of the client. */
function verdictOf(heard: readonly (readonly [number, Segment])[], until = 10_000, taken = Infinity): Verdict {
  const watch = new VerdictWatch({ receiveSeq: EXPECTED, darkMs: DARK_MS }, 0)
  for (let now = 0; now <= until; now += 50) {
    for (const [at, one] of heard) if (at > now - 50 && at <= now) watch.hear(one, now)
    watch.tick(now, now >= taken)
  }
  return watch.verdict
}

test('each verdict by its evidence', () => {
  const cases: readonly (readonly [string, readonly (readonly [number, Segment])[], Verdict])[] = [
    ['silence', [], 'unverified'],
    ['an empty ACK at what is expected', [[5, segment(0, 0)]], 'proven'],
    ['the next bytes', [[5, segment(0, 100)]], 'proven'],
    ['a retransmission that begins before, and goes beyond', [[5, segment(-50, 100)]], 'proven'],
    ['a FIN', [[5, segment(0, 1, FLAG.ack | FLAG.fin)]], 'proven'],
    ['old bytes alone', [[5, segment(-100, 100)]], 'unverified'],
    ['a keepalive', [[5, segment(-1, 0)]], 'unverified'],
    ['ahead, and nothing more', [[5, segment(200, 0)]], 'reset'],
    [
      'ahead, and sent again',
      [
        [5, segment(200, 0)],
        [400, segment(0, 200)],
      ],
      'filled',
    ],
    [
      'ahead, and sent again in two',
      [
        [5, segment(100, 100)],
        [400, segment(0, 100)],
      ],
      'filled',
    ],
    [
      'ahead, and sent again too late',
      [
        [5, segment(200, 0)],
        [5 + HOLE_MS + 200, segment(0, 200)],
      ],
      'reset',
    ],
    [
      'a keepalive one byte ahead, and then the answer',
      [
        [5, segment(0, 0)],
        [100, segment(1, 0)],
      ],
      'reset',
    ],
    ['RST', [[5, segment(0, 0, FLAG.rst)]], 'gone'],
    ['a new connection from that port', [[5, segment(77_777, 1, FLAG.syn)]], 'gone'],
  ]
  for (const [what, heard, expected] of cases) assert.is(verdictOf(heard), expected, what)
})

test('what is missing ends where the first byte begins that the client still offers', () => {
  const watch = new VerdictWatch({ receiveSeq: EXPECTED, darkMs: DARK_MS }, 0)
  watch.hear(segment(180, 0), 1)
  assert.is(watch.missing, undefined, 'an empty ACK offers nothing')
  watch.hear(segment(180, 36), 2)
  watch.hear(segment(72, 108), 3)
  watch.hear(segment(216, 36), 4)
  assert.is(watch.missing, 72)
})

test('an empty ACK alone decides only when the answer to the probe has had its time', () => {
  assert.is(verdictOf([[0, segment(0, 0)]], 250), 'unverified')
  assert.is(verdictOf([[0, segment(0, 0)]], 350), 'proven')
})

test('what the socket has taken counts, whatever was seen', () => {
  assert.is(verdictOf([], 1_000, 500), 'proven')
  assert.is(verdictOf([[5, segment(200, 0)]], 10_000, 1_000), 'filled')
})

test('a client that says nothing is asked again, less and less often, and no more once it is heard', () => {
  const watch = new VerdictWatch({ receiveSeq: EXPECTED, darkMs: DARK_MS }, 0)
  const asked: number[] = []
  for (let now = 0; now < 200_000; now += 100) if (watch.takeProbe(now)) asked.push(now)
  assert.equal(asked, [600, 1_800, 4_200, 9_000, 18_600, 48_600, 108_600, 168_600])
  assert.is(watch.nextDeadline(), 228_600)
  watch.hear(segment(0, 0), 228_000)
  assert.not(watch.takeProbe(300_000))
})

/**
 * A client of the sender's side of TCP: it has sent `sent` bytes beyond what is expected, of which the dead kernel acknowledged
 * `acknowledged`, and sends the rest again by its timer. `lossy`: the network loses packets.
 */
function fateOf(random: Prng, { sent, acknowledged, lossy }: { sent: number; acknowledged: number; lossy: boolean }) {
  const watch = new VerdictWatch({ receiveSeq: EXPECTED, darkMs: DARK_MS }, 0)
  let rto = 200 + random.below(2 * DARK_MS)
  let retransmitAt = random.below(rto)
  let received = 0
  for (let now = 0; now < 60_000 && watch.isOpen; now += 10) {
    const arrives = () => !lossy || random.below(10) > 0
    const probed = now === 10 || watch.takeProbe(now)
    if (probed && arrives() && arrives()) watch.hear(segment(sent, 0), now)
    if (now >= retransmitAt && received < sent) {
      rto = Math.min(2 * rto, 120_000)
      retransmitAt = now + rto
      if (arrives()) {
        // The first that is not acknowledged, and all behind it: some arrive.
        for (let at = Math.max(acknowledged, received); at < sent; at += 100) {
          if (!arrives()) continue
          const length = Math.min(100, sent - at)
          watch.hear(segment(at, length), now)
          if (at === received) received += length
        }
      }
    }
    watch.tick(now, received > 0)
  }
  return watch.verdict
}

test('a client that lost bytes is never called whole; one that lost none is never reset by a network that loses none', () => {
  const counts: Record<string, number> = {}
  for (let seed = 1; seed <= 3_000; seed++) {
    const random = new Prng(seed)
    const sent = random.below(5) === 0 ? 0 : 1 + random.below(3_000)
    const hasLost = sent > 0 && random.below(2) === 0
    const acknowledged = hasLost ? 1 + random.below(sent) : 0
    const lossy = random.below(2) === 0
    const verdict = fateOf(random, { sent, acknowledged, lossy })
    if (hasLost) assert.ok(verdict === 'reset' || verdict === 'unverified', `SEED=${seed}: ${verdict}`)
    else if (!lossy) assert.ok(verdict === 'proven' || verdict === 'filled', `SEED=${seed}: ${verdict}`)
    counts[`${hasLost ? 'lost' : 'whole'} ${verdict}`] = (counts[`${hasLost ? 'lost' : 'whole'} ${verdict}`] ?? 0) + 1
  }
  for (const seen of ['lost reset', 'whole proven', 'whole filled']) assert.ok((counts[seen] ?? 0) > 100, seen)
})

test('who is heard by nobody is judged by what its socket lacks', () => {
  const lost = new VerdictWatch({ receiveSeq: EXPECTED, darkMs: DARK_MS }, 0)
  lost.noticeGap(86_400_000)
  lost.noticeGap(86_401_000)
  lost.tick(86_400_000 + HOLE_MS - 1, false)
  assert.is(lost.verdict, 'unverified')
  lost.tick(86_400_000 + HOLE_MS, false)
  assert.is(lost.verdict, 'reset')
  const late = new VerdictWatch({ receiveSeq: EXPECTED, darkMs: DARK_MS }, 0)
  late.noticeGap(100)
  late.tick(200, true)
  assert.is(late.verdict, 'filled')
})

test.run()
