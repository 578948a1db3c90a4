/** What a node remembers for whoever looks at it: its events, the last hour, and the whole as the page has it. */
import { readFileSync } from 'node:fs'
import { silentLogger } from '../../src/base/log.js'
import { parsePage } from '../../src/node/config-schema.js'
import { EVENTS_MAX, EventTape } from '../../src/node/seeing/event-tape.js'
import { type EventNames, eventView, WORDS } from '../../src/node/seeing/event-words.js'
import { Hour, SAMPLE_MS, SAMPLES_MAX } from '../../src/node/seeing/hour.js'
import { overviewOf } from '../../src/node/seeing/overview.js'
import type { LaneReport } from '../../src/proxy/lane-report.js'
import { sumOfCounters } from '../../src/proxy/shared-counters.js'
import { healthy } from '../cli/views.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('node/seeing')
const NAMES: EventNames = {
  servicesOf: (contest) => (contest === '10.0.0.100' ? ['mail', 'web'] : contest === 'db' ? ['db'] : []),
  nodeOf: (id) => (id === '1f0c22ab' ? 'birch' : id),
}

const report = (active: number, accepted: number, bytesUp = 0): LaneReport => ({
  counters: { ...sumOfCounters([]), accepted, bytesUp },
  active,
  directed: 0,
  survivable: 0,
  mortal: {},
  total: 0,
  splices: [],
  perBackend: [
    { service: 'web', node: 'a', splices: active - 1 },
    { service: 'web', node: 'b', splices: 1 },
  ],
  perService: [],
  forOthers: 0,
  doors: [],
})

test('the tape passes everything on, and keeps the latest that are no debugging', () => {
  const passed: string[] = []
  const tape = new EventTape({ log: (level, event) => void passed.push(`${level} ${event}`) }, () => 7)
  tape.log('debug', 'splice-ended')
  tape.log('warn', 'lease-lost', { service: 'web' })
  assert.equal(passed, ['debug splice-ended', 'warn lease-lost'])
  assert.equal(tape.since(0), [{ number: 1, at: 7, level: 'warn', event: 'lease-lost', fields: { service: 'web' } }])
  for (let i = 0; i < EVENTS_MAX + 5; i++) tape.log('info', 'link-up')
  assert.is(tape.since(0).length, EVENTS_MAX)
  assert.equal(
    tape.since(EVENTS_MAX + 4).map(({ number }) => number),
    [EVENTS_MAX + 5, EVENTS_MAX + 6],
  )
})

test('events in words: names of nodes, and of all services that one lease is for', () => {
  const words = (event: string, fields: Record<string, string | number>) =>
    eventView({ number: 1, at: 0, level: 'info', event, fields }, NAMES)
  const given = words('director', { service: '10.0.0.100', term: '7@1f0c22ab' })
  assert.equal([given.text, given.service, given.isHandover], ['birch directs mail, web, term 7', 'mail', true])
  assert.equal(words('director', { service: 'db', term: 'none' }).text, 'Nobody directs db')
  assert.is(words('director', { service: 'db', term: 'none' }).isHandover, undefined)
  assert.is(
    words('recovered', { service: 'db', revived: 1, failed: 2, missing: 'c' }).text,
    'db: 1 connection rebuilt, 2 not; no word from c',
  )
  assert.is(words('link-up', { peer: 'x' }).text, undefined, 'of no interest to who looks at the whole')
})

test('what has words is an event', () => {
  const page = readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8')
  for (const event of Object.keys(WORDS)) assert.match(page, `\`${event}\``)
  for (const words of Object.values(WORDS)) assert.type(words({}, NAMES), 'string', 'also of an event without fields')
})

test('the hour: rates between samples, never below nothing, and no more than an hour', () => {
  const hour = new Hour()
  hour.add(report(10, 100, 5_000), 0)
  assert.equal(hour.view, { splices: [], accepted: [], up: [], down: [] })
  hour.add(report(12, 150, 15_000), SAMPLE_MS)
  hour.add(report(3, 150, 1_000), 2 * SAMPLE_MS)
  assert.equal(hour.view, { splices: [12, 3], accepted: [10, 0], up: [2_000, 0], down: [0, 0] })
  assert.equal(
    [hour.trend('web'), hour.trend('none')],
    [
      [12, 3],
      [0, 0],
    ],
  )
  for (let i = 3; i < SAMPLES_MAX + 10; i++) hour.add(report(1, 150), i * SAMPLE_MS)
  assert.is(hour.view.splices.length, SAMPLES_MAX - 1)
})

test('the whole: what status says, the latest event first, and no node that has left', () => {
  const [first, ...others] = healthy.members
  if (first === undefined) throw new Error('no member')
  const status = { ...healthy, members: [{ ...first, state: 'left' as const }, ...others] }
  const tape = new EventTape(silentLogger, () => 1)
  tape.log('info', 'director', { service: 'db', term: '1@1f0c22ab' })
  tape.log('info', 'link-up', { peer: 'x' })
  tape.log('warn', 'peer-gone', { peer: 'node2' })
  const events = tape.since(0).map((event) => eventView(event, NAMES))
  const { nodes, services, events: told } = overviewOf({ status, report: undefined, hour: new Hour(), events, at: 9 })
  assert.equal([nodes.length, services.length], [healthy.members.length - 1, healthy.services.length])
  assert.equal(
    told.map(({ tone, text }) => [tone, text]),
    [
      ['warn', 'The process of node2 has ended'],
      ['change', 'birch directs db, term 1'],
    ],
  )
})

test('where the page is: a port is of the loopback address', () => {
  const place = (address: string, port: number) => ({ page: { address, port } })
  assert.equal(parsePage('7480'), place('127.0.0.1', 7480))
  assert.equal(parsePage('10.0.0.1:80'), place('10.0.0.1', 80))
  assert.equal(parsePage('[::1]:7480'), place('::1', 7480))
  assert.equal(parsePage('localhost:7480'), place('127.0.0.1', 7480))
  assert.equal(parsePage('off'), { page: undefined })
  for (const wrong of ['', '0', '70000', 'host.example:80', '10.0.0.1', '::1:80', '10.0.0.1:', '-1', '80 '])
    assert.match(JSON.stringify(parsePage(wrong)), 'no place for the page', wrong)
})

test.run()
