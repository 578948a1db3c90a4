import { renderChart } from '../../bench/chart.js'
import { judge } from '../../bench/goals.js'
import { cell, digits, renderMarkdown } from '../../bench/markdown.js'
import type { Results } from '../../bench/results.js'
import { ratioIn } from '../../bench/results.js'
import { ratios, spreadOf } from '../../bench/statistics.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('bench/report')

const cpu = (...values: number[]) => values.map((cpuUs) => ({ cpuUs, perSecond: 100, errors: 0 }))

/** The second round was disturbed: all was twice as dear. */
const RESULTS: Results = {
  machine: { CPU: '2 × a CPU' },
  settings: { rounds: '3 of 1 s' },
  peers: [
    { name: 'baton-plain', what: 'Baton, one node', hops: 1 },
    { name: 'baton-plain@abc1234', what: 'Baton, one node', hops: 1 },
    { name: 'baton-sealed', what: 'Baton, two nodes', hops: 2 },
    { name: 'haproxy', what: 'HAProxy', hops: 1 },
    { name: 'haproxy-tls', what: 'HAProxy, TLS', hops: 2 },
  ],
  samples: {
    'kept-64': {
      'baton-plain': cpu(12, 24, 12),
      'baton-plain@abc1234': cpu(24, 48, 24),
      'baton-sealed': cpu(24, 48, 24),
      haproxy: cpu(10, 20, 10),
      'haproxy-tls': cpu(40, 80, 40),
    },
    idle: {
      'baton-sealed': [{ memoryBytes: { director: 3_000, backend: 9_000 } }],
      'haproxy-tls': [{ memoryBytes: { edge: 30_000, agent: 15_000 } }],
    },
  },
  missing: ['nginx-stream: apt-get install nginx'],
  failures: [],
}

test('the median of an even number of values is between the two in the middle', () => {
  assert.equal(spreadOf([4, 1, 2, 9]), { median: 3, min: 1, max: 9 })
  assert.equal(spreadOf([7]), { median: 7, min: 7, max: 7 })
  assert.is(spreadOf([]), undefined)
})

test('ratios are taken within a round, and rounds with a hole left out', () => {
  assert.equal(ratios([2, undefined, 9, 4], [1, 5, undefined, 8]), [2, 0.5])
  assert.equal(ratioIn(RESULTS, 'kept-64', 'baton-plain', 'haproxy', 'cpuUs'), { median: 1.2, min: 1.2, max: 1.2 })
})

test('a goal is held by the median, missed beyond, and open where nothing was measured', () => {
  const verdict = (peer: string, work: string, base?: string) =>
    judge(RESULTS).find((one) => one.peer === peer && one.work === work && one.goal.base === base)
  assert.is(verdict('baton-plain', 'kept-64', 'haproxy')?.isHeld, true)
  assert.is(verdict('baton-sealed', 'kept-64', 'haproxy-tls')?.isHeld, false, '0.6, and at most 0.5')
  assert.is(verdict('baton-sealed', 'new', 'haproxy-tls')?.found, undefined)
})

test('memory is judged by the process that clients connect to', () => {
  const idle = judge(RESULTS).find(({ work }) => work === 'idle')
  assert.is(idle?.found?.median, 3_000)
  assert.is(idle?.isHeld, true)
})

test('numbers have three digits that count', () => {
  assert.equal([0.0123, 0.51, 26.24, 1_172.4, 32_667].map(digits), ['0.012', '0.510', '26.2', '1,172', '32,667'])
  assert.is(cell({ median: 2_500, min: 2_000, max: 3_000 }, 1_000), '2.50 (2.00..3.00)')
  assert.is(cell(undefined), '–')
})

test('the page has the verdicts, a row for each peer, what is missing, and the other commit', () => {
  const page = renderMarkdown(RESULTS)
  assert.match(
    page,
    /CPU per kept request \| kept-64 \| baton-sealed \| haproxy-tls \| 0\.500 \| 0\.600 .* \*\*missed\*\*/,
  )
  assert.match(page, /\| baton-plain \| 12\.0 \(12\.0\.\.24\.0\) \| 100 .*\| 1\.20 /)
  assert.match(page, 'nginx-stream: apt-get install nginx')
  assert.match(page, /\| kept-64 \| baton-plain \| baton-plain@abc1234 \| 0\.500 /)
})

test('the chart draws every peer but the measure itself, and stays inside its frame', () => {
  const chart = renderChart({
    ...RESULTS,
    samples: { 'kept-64': { ...RESULTS.samples['kept-64'], 'baton-plain': cpu(9e9, 0, 9e9) } },
  })
  assert.equal(
    [...chart.matchAll(/<title>(\S+): /g)].map((match) => match[1]),
    ['baton-plain', 'baton-plain@abc1234', 'baton-sealed'],
  )
  const height = Number(/height="(\d+)" role/.exec(chart)?.[1])
  for (const [, y] of chart.matchAll(/ y1?="(-?[\d.]+)"/g)) assert.ok(Number(y) >= 0 && Number(y) <= height, `${y}`)
  assert.match(chart, 'prefers-color-scheme:dark')
})

test.run()
