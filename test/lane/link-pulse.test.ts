/** The clock of a data link: pings, silence, and keys that are old enough. */
import { LinkPulse, SILENCE_MS_MAX, UNOPENED_MS_MAX } from '../../src/lane/link-pulse.js'
import type { LinkSeal } from '../../src/trunk/ports.js'
import { seals } from '../../src/trunk/seals.io.js'
import { assert, suite } from '../harness/suite.js'
import { bytesOf, data, LinkUnderTest, textOf } from './link-under-test.js'

const test = suite('lane/link-pulse')
const HOUR_MS = 3_600_000

function room() {
  const said: string[] = []
  const pulse = new LinkPulse(0, {
    ping: (token) => said.push(`ping ${token}`),
    rekey: () => said.push('rekey'),
    onSilence: () => said.push('silence'),
  })
  return { pulse, heard: () => said.splice(0) }
}

test('a ping each second, and the age of its answer; a peer that says nothing for long is gone', () => {
  const { pulse, heard } = room()
  for (const now of [500, 1_000, 1_100, 2_000]) pulse.sweep(now)
  assert.equal(heard(), ['ping 1', 'ping 2'])
  pulse.pong(1, 2_003)
  assert.is(pulse.rttMs, 0, 'of the last one alone')
  pulse.pong(2, 2_003)
  assert.is(pulse.rttMs, 3)
  pulse.heard(2_003)
  pulse.sweep(2_003 + SILENCE_MS_MAX)
  assert.equal(heard(), ['ping 3'])
  pulse.sweep(2_004 + SILENCE_MS_MAX)
  assert.equal(heard(), ['silence'])
})

test('a key is as old as an hour, and then there is a new one, once an hour', () => {
  const { pulse, heard } = room()
  const rekeys: number[] = []
  for (let now = 0; now < 3.5 * HOUR_MS; now += 1_000) {
    pulse.heard(now)
    pulse.opened()
    pulse.sweep(now)
    if (heard().includes('rekey')) rekeys.push(Math.floor(now / HOUR_MS))
  }
  assert.equal(rekeys, [1, 2, 3])
})

test('bytes of which no record comes do not keep a link alive: the length of one was altered under way', () => {
  const bench = new LinkUnderTest()
  const ping = { kind: 'ping', handle: 0, token: 1 } as const
  const second = () => {
    bench.now += 1_000
    bench.hears(ping)
    bench.link.sweep(bench.now)
  }
  for (let i = 0; i < 100; i++) second()
  assert.ok(bench.link.isUp)
  // As long as the greatest record, of which nothing but these four bytes is genuine.
  bench.socket.say(Uint8Array.of(0, 0, 4, 0))
  const from = bench.now
  while (bench.link.isUp && bench.now < HOUR_MS) second()
  assert.is(bench.now - from, UNOPENED_MS_MAX + 1_000)
  assert.equal(bench.events.at(-1), `down: no record for ${UNOPENED_MS_MAX} ms`)
})

for (const name of ['secretstream', 'aes-256-gcm'] as const) {
  test(`${name}: bytes of before and after the hour open at the peer, both ways`, () => {
    const [one, two] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
    const [fromLink, fromTest] = [seals.sealer(name, one), seals.sealer(name, two)]
    const rekeys = { n: 0 }
    const { sealer } = fromLink
    const watched: LinkSeal['sealer'] = {
      overheadBytes: sealer.overheadBytes,
      seal: (plain, into) => sealer.seal(plain, into),
      rekey: () => {
        rekeys.n++
        sealer.rekey()
      },
      close: () => sealer.close(),
    }
    const bench = new LinkUnderTest({
      seals: {
        link: { sealer: watched, opener: seals.opener(name, two, fromTest.header) },
        test: { sealer: fromTest.sealer, opener: seals.opener(name, one, fromLink.header) },
      },
    })
    const program = bench.splice(2)
    let got = ''
    const says = (text: string) => {
      bench.said()
      program.say(bytesOf(text))
      assert.equal(bench.said(), [{ kind: 'data', handle: 2, text }])
      bench.hears(data(2, got.length, text))
      got += text
      assert.is(textOf(program.delivered), got)
      assert.ok(bench.link.isUp)
    }
    says('before')
    for (const hour of [1, 2]) {
      bench.now = hour * (HOUR_MS + 1)
      says('still under the old key')
      bench.link.sweep(bench.now)
      assert.is(rekeys.n, hour)
      says('under the new one')
      fromTest.sealer.rekey()
      says('and the peer has changed its own')
      bench.link.sweep(bench.now + 2_000)
      assert.is(rekeys.n, hour)
    }
  })
}

test.run()
