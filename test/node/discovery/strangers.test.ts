import type { LogFields } from '../../../src/base/log.js'
import { Strangers } from '../../../src/node/discovery/strangers.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('node/discovery/strangers')
const FROM = { address: '10.0.0.66', port: 7440 }

function room() {
  const clock = { time: 0, now: () => clock.time, wall: () => 0 }
  const logged: (LogFields | undefined)[] = []
  const strangers = new Strangers(clock, { log: (_level, _event, fields) => void logged.push(fields) })
  return { clock, logged, strangers }
}

test('each kind is logged ever more seldom, so nobody can fill the log from outside', () => {
  const { logged, strangers } = room()
  for (let i = 0; i < 1_000; i++) strangers.refused(FROM, 'key')
  strangers.refused(FROM, 'format')
  assert.equal(
    logged.map((fields) => `${fields?.['why']} ${fields?.['count']}`),
    [...[1, 2, 4, 8, 16, 32, 64, 128, 256, 512].map((count) => `key ${count}`), 'format 1'],
  )
  assert.is(logged[0]?.['from'], '10.0.0.66:7440')
})

test('the operator is warned of what stays, not of one datagram, and not for ever', () => {
  const { clock, strangers } = room()
  strangers.refused(FROM, 'key')
  strangers.refused(FROM, 'key')
  assert.equal(strangers.warnings(), [])
  clock.time = 1_000
  strangers.refused({ address: '10.0.0.67', port: 7440 }, 'key')
  assert.equal(strangers.warnings().length, 1)
  assert.match(strangers.warnings()[0] ?? '', /^3 datagrams were refused, the last from 10\.0\.0\.67:7440: another/)
  clock.time = 60_999
  assert.is(strangers.warnings().length, 1)
  clock.time = 61_000
  assert.equal(strangers.warnings(), [])
})

test('a network that doubles datagrams is no reason to warn', () => {
  const { strangers } = room()
  for (let i = 0; i < 10; i++) strangers.refused(FROM, 'replay')
  assert.equal(strangers.warnings(), [])
})

test.run()
