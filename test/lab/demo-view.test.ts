import { countedOn, type LiveView, livedOn, renderLive, renderSummary, whyNoneLives } from '../../src/lab/demo-view.js'
import { drillReport } from '../cli/views.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('lab/demo-view')

const LIVE: LiveView = {
  elapsedMs: 12_345,
  phase: 'a new director serves',
  director: 'node2',
  nodes: ['node1', 'node2', 'node3'].map((name, i) => {
    return { name, address: `10.77.0.${i + 1}`, node: i === 0 ? 'killed' : 'up', program: 'listening' }
  }),
  perNode: { node1: 1_234, node2: 1_235, node3: 123_456 },
  answered: 125_925,
  failed: 0,
  perSecond: 433,
  events: [`  1.0 s  ${'a long command with many words '.repeat(6)}`],
  kept: 100,
  counted: 47,
}
const FATES = {
  talking: { count: 50, alive: 49, lost: { ECONNRESET: 1 }, waitsMs: [210, 220, 230] },
  silent: { count: 50, alive: 50, lost: {}, waitsMs: [1] },
}
const COUNTING = { first: 20, last: 74, broken: '' }
const SUMMARY = {
  ok: true,
  clients: 100,
  seconds: 11.4,
  whole: {
    connections: 4_000,
    answered: 4_000,
    failed: 0,
    perNode: { node1: 1_333, node2: 1_333, node3: 1_334 },
    longestGapMs: 1_043,
    medianMs: 3.4,
    p99Ms: 40,
    errors: {},
  },
  unevenness: 0.001,
  directorKilled: 'node2',
  newDirector: 'node3',
  takeoverMs: 1_043,
  backendStopped: 'node1',
  failedAfterStop: 0,
  promises: [livedOn(FATES), countedOn(COUNTING)],
  kept: FATES,
  counting: COUNTING,
  drill: drillReport,
}

test('no line of the picture is wider than the terminal, which would tear it', () => {
  for (const columns of [60, 80, 120]) {
    const lines = renderLive(LIVE, columns).split('\n')
    for (const line of lines) assert.ok([...line].length <= columns, `${columns}: ${line}`)
    assert.is(lines.length, 11, 'and no line less')
  }
  assert.match(renderLive(LIVE, 80), /node3 .*█ 123456$/m)
  assert.match(renderLive(LIVE, 80), '100 more stay open; redis-cli has counted to 47')
})

test('the line that matters comes first', () => {
  const [, first, second] = renderSummary(SUMMARY).split('\n')
  assert.is(first, '99 of 100 open connections outlived their director (node2, by SIGKILL).')
  assert.is(second, 'redis-cli counted on from 20 to 74 over the same connection.')
  for (const line of renderSummary(SUMMARY).split('\n')) assert.ok([...line].length <= 80, line)
})

test('on loopback it says why nothing lives on', () => {
  const { kept: _, counting: __, ...rest } = SUMMARY
  assert.match(renderSummary(rest), /On loopback, connections that were open when the director died\s+are broken/)
  assert.not.match(renderSummary(rest), 'outlived')
})

test('a session that broke, or did not go on, is no promise kept', () => {
  assert.not.ok(countedOn({ first: 20, last: 20, broken: '' }).kept)
  assert.not.ok(countedOn({ first: 20, last: 31, broken: 'Error: Server closed the connection' }).kept)
})

test('where none can live on nobody says that sockets were rebuilt', () => {
  const mortal = whyNoneLives({ directed: 9, survivable: 0, mortal: { rare: 2, 'its socket cannot be rebuilt': 7 } })
  assert.is(mortal, 'its socket cannot be rebuilt')
  const text = renderSummary({ ...SUMMARY, mortal })
  assert.match(text.replace(/\s+/g, ' '), 'its socket cannot be rebuilt. What this host lacks for it: baton doctor.')
  assert.not(text.includes('outlived'))
})

test('one that can live on is enough to expect it', () => {
  assert.is(whyNoneLives({ directed: 9, survivable: 1, mortal: { rare: 8 } }), undefined)
})

test.run()
