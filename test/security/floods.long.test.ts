/** The heavy lines of docs/security.md. */
import { Prng } from '../../src/base/prng.js'
import { assert, suite } from '../harness/suite.js'
import { halfOpen } from './half-open.js'
import { floodOpener } from './random-datagrams.js'

const test = suite('security/floods', 300_000)

test('1,000,000 random datagrams: none is opened, and a member is heard all the while', () => {
  const keys = [1, 2].map((byte) => new Uint8Array(32).fill(byte))
  const { opened, threw, friend, ms } = floodOpener({ count: 1_000_000, keys, random: new Prng(2) })
  console.log(`${(1_000_000 / (ms / 1_000)).toFixed(0)} a second, ${(ms / 1_000).toFixed(1)} µs each`)
  assert.equal({ opened, threw, friend }, { opened: 0, threw: 0, friend: 10_000 })
})

test('10,000 half-open connections: most get an RST at once, a member is answered meanwhile, and another is dialled', async (scope) => {
  const { refused, descriptors, rttMs } = await halfOpen(scope, 10_000)
  console.log(
    `${refused} refused at once, ${descriptors} descriptors open, a member waited ${rttMs.toFixed(0)} ms at most`,
  )
  assert.ok(refused >= 4_000, `${refused} refused`)
  assert.ok(rttMs < 2_000, `${rttMs} ms to a member`)
})

test.run()
