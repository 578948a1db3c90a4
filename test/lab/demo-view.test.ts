import { type DemoSummary, renderSummary, whyNoneLives } from '../../src/lab/demo-view.js'
import { Measure } from '../../src/lab/measure.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('lab/demo-view')

const fates = (alive: number) => ({
  count: 50,
  alive,
  lost: alive === 50 ? {} : { ECONNRESET: 50 - alive },
  waitsMs: [7],
})
const summaryOf = (part: Partial<DemoSummary>): DemoSummary => ({
  ok: true,
  clients: 100,
  seconds: 12,
  whole: new Measure().summary(),
  unevenness: 0,
  directorKilled: 'node1',
  newDirector: 'node2',
  takeoverMs: 100,
  backendStopped: 'node3',
  failedAfterStop: 0,
  promises: [],
  ...part,
})

test('connections that lived on are said to have lived on', () => {
  const text = renderSummary(summaryOf({ kept: { talking: fates(50), silent: fates(50) } }))
  assert.match(text, '100 of 100 open connections outlived their director')
})

test('where none can live on nobody says that sockets were rebuilt', () => {
  const mortal = whyNoneLives({ directed: 9, survivable: 0, mortal: { rare: 2, 'its socket cannot be rebuilt': 7 } })
  assert.is(mortal, 'its socket cannot be rebuilt')
  const text = renderSummary(summaryOf({ kept: { talking: fates(0), silent: fates(0) }, mortal }))
  assert.match(text, 'its socket cannot be rebuilt. What this host lacks for it: baton doctor.')
  assert.not(text.includes('outlived'))
})

test('one that can live on is enough to expect it', () => {
  assert.is(whyNoneLives({ directed: 9, survivable: 1, mortal: { rare: 8 } }), undefined)
})

test.run()
