import { Prng } from '../../src/base/prng.js'
import { aheadBytesMax } from '../../src/handoff/client-word.js'
import { FLAG, type Segment } from '../../src/handoff/segment.js'
import { advance } from '../../src/handoff/sequence.js'
import { type Verdict, VerdictWatch } from '../../src/handoff/verdict.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('handoff/verdict')
const EXPECTED = 0xffffff00
const SENT = 0xfffffff0
/** Bytes that the client can have been sent from there on. */
const GIVEN = 100
const AHEAD_MAX = 1_000_000
const DARK_MS = 300
const NUMBERS = { receiveSeq: EXPECTED, sendSeq: SENT, aheadMax: AHEAD_MAX, darkMs: DARK_MS }
/** 1 s + 2 × dark. */
const HOLE_MS = 1_600
/** 4 s + 2 × dark: of a client whose answer nobody has heard. */
const FAR_HOLE_MS = 4_600

/** A segment that begins so many bytes beyond what is expected. */
function segment(beyond: number, length: number, flags: number = FLAG.ack, acknowledged = 40): Segment {
  return {
    sourcePort: 1,
    destinationPort: 2,
    seq: advance(EXPECTED, beyond),
    ack: advance(SENT, acknowledged),
    length,
    flags,
  }
}

/** What the segments, heard at these times, lead to by `until`; `taken`: when the socket had bytes of the client. */
function verdictOf(heard: readonly (readonly [number, Segment])[], until = 10_000, taken = Infinity): Verdict {
  const watch = new VerdictWatch(NUMBERS, 0)
  for (let now = 0; now <= until; now += 50) {
    for (const [at, one] of heard) if (at > now - 50 && at <= now) watch.hear(one, now, 0, GIVEN)
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
  ]
  for (const [what, heard, expected] of cases) assert.is(verdictOf(heard), expected, what)
})

const NOT_ITS_WORD: readonly (readonly [string, Segment])[] = [
  ['an RST, where the kernel believes it: that closes the socket', segment(0, 0, FLAG.rst)],
  ['an RST within the window', segment(1_000, 0, FLAG.rst | FLAG.ack)],
  ['a SYN at what is expected', segment(0, 1, FLAG.syn)],
  ['a SYN with an ACK', segment(500, 1, FLAG.syn | FLAG.ack)],
  ['ahead without an ACK', segment(200, 100, 0)],
  ['ahead, and acknowledges what it was never sent', segment(200, 0, FLAG.ack, GIVEN + 1)],
  ['bytes ahead, the same', segment(200, 100, FLAG.ack, GIVEN + 1)],
  ['ahead, and acknowledges less than it has: sent long ago, or by somebody else', segment(200, 0, FLAG.ack, -1)],
  ['what is expected, acknowledging less than it has', segment(0, 100, FLAG.ack, -1)],
  ['an empty ACK at what is expected, the same', segment(0, 0, FLAG.ack, -50_000)],
  ['what is expected, acknowledging half the circle away', segment(0, 100, FLAG.ack, 2 ** 31)],
  ['further ahead than any window', segment(AHEAD_MAX + 1, 0)],
  ['further behind than any window', segment(-AHEAD_MAX - 102, 100)],
  ['half the circle away', segment(2 ** 31, 100)],
]

test('what is not the client’s word changes nothing, and the client’s word counts behind it', () => {
  for (const [what, forged] of NOT_ITS_WORD) {
    const many: (readonly [number, Segment])[] = [5, 100, 400, 3_000].map((at) => [at, forged])
    assert.is(verdictOf(many), 'unverified', what)
    assert.is(verdictOf([...many, [6, segment(0, 0)]]), 'proven', what)
    assert.is(verdictOf([...many, [6, segment(200, 0)]]), 'reset', what)
    const watch = new VerdictWatch(NUMBERS, 0)
    watch.hear(forged, 1, 0, GIVEN)
    assert.equal([watch.ack, watch.missing, watch.takeProbe(600)], [undefined, undefined, true], what)
  }
})

test('at the edges of what fits, it is the client’s word', () => {
  for (const acknowledged of [0, GIVEN]) {
    const watch = new VerdictWatch(NUMBERS, 0)
    watch.hear(segment(AHEAD_MAX, 0, FLAG.ack, acknowledged), 1, 0, GIVEN)
    assert.is(watch.ack, advance(SENT, acknowledged))
    watch.tick(10_000, false)
    assert.is(watch.verdict, 'reset')
  }
})

test('one number of 2³², or two, fits where nothing is on its way', () => {
  const random = new Prng(1)
  const watch = new VerdictWatch(NUMBERS, 0)
  for (let i = 0; i < 100_000; i++) {
    const flags = random.below(64)
    const [seq, ack] = [advance(EXPECTED, random.below(AHEAD_MAX)), random.below(2 ** 32)]
    watch.hear({ sourcePort: 1, destinationPort: 2, seq, ack, length: random.below(1_400), flags }, i, 0, 1)
  }
  assert.equal([watch.ack, watch.verdict], [undefined, 'unverified'])
})

test('how far a client can be ahead: what was read, what waited in the kernel, and the window', () => {
  assert.is(aheadBytesMax(undefined, 4_096), 4_096 + 131_070)
  assert.is(aheadBytesMax(7, 0), 131_070 * 128)
  assert.is(aheadBytesMax(14, 0), 2_147_450_880)
  assert.is(aheadBytesMax(14, 4_194_304), 2 ** 31 - 1, 'half the circle')
})

/** A watch that has heard old bytes, 100 of what is expected, and has taken them by 100 ms. */
function deceived(): VerdictWatch {
  const watch = new VerdictWatch(NUMBERS, 0)
  watch.hear(segment(0, 100), 50, 0, GIVEN)
  assert.is(watch.verdict, 'proven')
  return watch
}

const idle = () => false

test('late bytes from before the loss: the gap behind them is seen when the client is heard again', () => {
  const watch = deceived()
  watch.tickWhole(100, 100, idle)
  watch.hear(segment(3_000, 0), 1_000, 100, GIVEN)
  for (let now = 1_000; now < 1_000 + 10_000 + 2 * DARK_MS; now += 100) watch.tickWhole(now, 100, idle)
  assert.equal([watch.verdict, watch.isOver(11_500)], ['proven', false])
  watch.tickWhole(11_600, 100, idle)
  assert.equal([watch.verdict, watch.isOver(11_600)], ['reset', true])
})

test('a client that acknowledges more and more, and is where the socket is, was not ahead: that was a stranger', () => {
  const fate = (forgedAt: readonly number[], acknowledgedAt: (now: number) => number) => {
    const words: (readonly [number, Segment])[] = []
    for (let now = 0; now <= 3_000; now += 50) words.push([now, segment(0, 0, FLAG.ack, acknowledgedAt(now))])
    return verdictOf([...forgedAt.map((at) => [at, segment(500, 0, FLAG.ack, 10)] as const), ...words])
  }
  assert.is(
    fate([1, 120, 200, 270], (now) => Math.min(GIVEN, now / 50)),
    'proven',
  )
  assert.is(
    fate([120], () => 10),
    'reset',
    'what acknowledges no more may be older',
  )
  assert.is(
    fate([120], (now) => (now < 100 ? 11 : 9)),
    'reset',
  )
})

/** By a satellite: its word is as long on its way as its timer is slow, three round trips after the first few (RFC 6298, 2.2). */
function fateOfDistant(roundTripMs: number, darkMs: number): Verdict {
  const watch = new VerdictWatch({ ...NUMBERS, darkMs }, 0)
  let timerMs = Math.max(200, 3 * roundTripMs)
  // Sent when the director died, and again by a timer that doubles.
  let again = timerMs - darkMs
  for (; again <= 0; again += timerMs) timerMs *= 2
  again += roundTripMs / 2
  for (let now = 0; now <= 10_000 && watch.isOpen; now += 50) {
    // This was on its way already.
    if (now === 0) watch.hear(segment(100, 100), now, 0, GIVEN)
    if (now === roundTripMs) watch.hear(segment(100, 0), now, 0, GIVEN)
    if (now - 50 < again && again <= now) watch.hear(segment(0, 100), now, 0, GIVEN)
    watch.tick(now, false)
  }
  return watch.verdict
}

test('a distant client has as much longer as its answer was on its way', () => {
  for (const roundTripMs of [50, 300, 600, 1_000]) {
    for (const darkMs of [50, 100, 300, 1_000])
      assert.is(fateOfDistant(roundTripMs, darkMs), 'filled', `${roundTripMs} ms`)
  }
  const watch = new VerdictWatch(NUMBERS, 0)
  watch.hear(segment(200, 0), 40_000, 0, GIVEN)
  watch.tick(44_599, false)
  assert.is(watch.verdict, 'unverified', 'one that is heard late may be distant as well')
  watch.tick(44_600, false)
  assert.is(watch.verdict, 'reset', 'and waits no longer for that than 4 s')
})

test('a gap that fills, however slowly, or that may only seem one, is none', () => {
  const slow = deceived()
  slow.hear(segment(3_000, 100), 1_000, 100, GIVEN)
  let taken = 100
  for (let now = 1_000; now <= 300_000; now += 100) {
    if (now % 9_000 === 0) taken = Math.min(3_000, taken + 100)
    slow.tickWhole(now, taken, idle)
  }
  assert.equal([slow.verdict, slow.isOver(300_000)], ['proven', true])
  const unread = deceived()
  unread.hear(segment(3_000, 100), 1_000, 100, GIVEN)
  for (let now = 1_000; now <= 300_000; now += 100) unread.tickWhole(now, 100, () => now < 250_000)
  assert.is(unread.verdict, 'reset', 'not while bytes wait, but then')
})

/** What comes of a gap that was seen when 100 bytes were taken, and of an empty ACK of each of these places afterwards. */
function afterWords(gap: number, places: readonly number[]): Verdict {
  const watch = deceived()
  watch.hear(segment(gap, 100), 1_000, 100, GIVEN)
  watch.tickWhole(1_000, 100, idle)
  places.forEach((place, i) => {
    watch.hear(segment(place, 0), 1_100 + 100 * i, 100, GIVEN)
  })
  for (let now = 2_000; now <= 30_000; now += 100) watch.tickWhole(now, 100, idle)
  assert.ok(watch.isOver(30_000))
  return watch.verdict
}

test('a client that says it is where the socket is has not said what was heard from beyond', () => {
  assert.is(afterWords(3_000, [100]), 'proven', 'somebody else has')
  assert.is(afterWords(3_000, []), 'reset')
  assert.is(afterWords(3_000, [99, 0]), 'reset', 'what is older says nothing of now')
  assert.is(afterWords(101, [100]), 'reset', 'a keepalive of a client one byte ahead')
  assert.is(afterWords(3_000, [100, 3_100]), 'reset', 'that word was late')
})

test('one that goes on is watched for as long as its client’s timer may take, however much it sends', () => {
  const watch = deceived()
  let over: number | undefined
  for (let now = 100; over === undefined && now < 100_000; now += 100) {
    // More than the circle has numbers, and always ahead of what was read by then.
    const taken = now * 100_000
    watch.hear(segment(taken + 50_000, 1_000), now, taken, GIVEN)
    watch.tickWhole(now, taken, idle)
    if (watch.isOver(now)) over = now
  }
  assert.equal([watch.verdict, over], ['proven', 100 + FAR_HOLE_MS])
})

test('what is missing ends where the first byte begins that the client still offers', () => {
  const watch = new VerdictWatch(NUMBERS, 0)
  watch.hear(segment(180, 0), 1, 0, GIVEN)
  assert.is(watch.missing, undefined, 'an empty ACK offers nothing')
  watch.hear(segment(180, 36), 2, 0, GIVEN)
  watch.hear(segment(72, 108), 3, 0, GIVEN)
  watch.hear(segment(216, 36), 4, 0, GIVEN)
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
  const watch = new VerdictWatch(NUMBERS, 0)
  const asked: number[] = []
  for (let now = 0; now < 200_000; now += 100) if (watch.takeProbe(now)) asked.push(now)
  assert.equal(asked, [600, 1_800, 4_200, 9_000, 18_600, 48_600, 108_600, 168_600])
  assert.is(watch.nextDeadline(), 228_600)
  watch.hear(segment(0, 0), 228_000, 0, GIVEN)
  assert.not(watch.takeProbe(300_000))
})

/**
 * A client of the sender's side of TCP: it has sent `sent` bytes beyond what is expected, of which the dead kernel acknowledged
 * `acknowledged`, and sends the rest again by its timer. `lossy`: the network loses packets.
 */
function fateOf(random: Prng, { sent, acknowledged, lossy }: { sent: number; acknowledged: number; lossy: boolean }) {
  const watch = new VerdictWatch(NUMBERS, 0)
  let rto = 200 + random.below(2 * DARK_MS)
  let retransmitAt = random.below(rto)
  let received = 0
  for (let now = 0; now < 60_000 && watch.isOpen; now += 10) {
    const arrives = () => !lossy || random.below(10) > 0
    const probed = now === 10 || watch.takeProbe(now)
    if (probed && arrives() && arrives()) watch.hear(segment(sent, 0), now, 0, GIVEN)
    if (now >= retransmitAt && received < sent) {
      rto = Math.min(2 * rto, 120_000)
      retransmitAt = now + rto
      if (arrives()) {
        // The first that is not acknowledged, and all behind it: some arrive.
        for (let at = Math.max(acknowledged, received); at < sent; at += 100) {
          if (!arrives()) continue
          const length = Math.min(100, sent - at)
          watch.hear(segment(at, length), now, 0, GIVEN)
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
  const lost = new VerdictWatch(NUMBERS, 0)
  lost.noticeGap(86_400_000)
  lost.noticeGap(86_401_000)
  lost.tick(86_400_000 + FAR_HOLE_MS - 1, false)
  assert.is(lost.verdict, 'unverified')
  lost.tick(86_400_000 + FAR_HOLE_MS, false)
  assert.is(lost.verdict, 'reset')
  const late = new VerdictWatch(NUMBERS, 0)
  late.noticeGap(100)
  late.tick(200, true)
  assert.is(late.verdict, 'filled')
})

test.run()
