import { readFileSync } from 'node:fs'
import { exposition } from '../../../src/node/seeing/exposition.js'
import { metricsOf } from '../../../src/node/seeing/metrics.js'
import { assert, suite } from '../../harness/suite.js'
import { FACTS } from '../metrics-facts.js'

const test = suite('node/seeing/metrics')
const DOCUMENT = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8')

test('figures stand under their names and labels', () => {
  const lines = new Set(exposition(metricsOf(FACTS)).split('\n'))
  for (const line of [
    'baton_build_info{version="0.1.0"} 1',
    'baton_uptime_seconds 61.5',
    'baton_connections_accepted_total 12',
    'baton_bytes_total{direction="down"} 2000',
    'baton_splices_directed{service="web"} 8',
    'baton_splices_survivable{service="web"} 6',
    'baton_splices_mortal{service="web",reason="no program serves it yet"} 2',
    'baton_splices_for_others 1',
    'baton_revivals_total 5',
    'baton_uploads_held{service="web"} 5',
    'baton_uploads_unheld{service="web",reason="no room"} 3',
    'baton_uploads_refused_total 7',
    'baton_uploads_late_total 6',
    'baton_access_log_lines_total 40',
    'baton_access_log_dropped_total 5',
    'baton_revival_verdicts_total{verdict="reset"} 1',
    'baton_revivals_unverified{service="web"} 3',
    'baton_revivals_failed{service="web"} 2',
    'baton_warnings 2',
    'baton_lease_held{service="db"} 0',
    'baton_lease_held{service="web"} 1',
    'baton_lease_remaining_seconds{service="web"} 0.85',
    'baton_takeovers_total 2',
    'baton_moves_total{outcome="handed-over"} 1',
    'baton_members{state="down"} 1',
    'baton_drill_dark_seconds{service="web",fault="kill"} 0.1312',
  ])
    assert.ok(lines.has(line), line)
})

test('names follow the conventions: a counter ends in _total, units are base units, nothing twice', () => {
  const metrics = metricsOf(FACTS)
  assert.is(new Set(metrics.map(({ name }) => name)).size, metrics.length)
  for (const { name, type, help, samples } of metrics) {
    assert.match(name, /^baton_[a-z_]+$/)
    assert.is(name.endsWith('_total'), type === 'counter', name)
    assert.not.match(name, /_(ms|millis|milliseconds|kib)\b/)
    assert.ok(help.endsWith('.'), `${name}: ${help}`)
    const series = samples.map(({ labels }) => JSON.stringify(labels ?? {}))
    assert.is(new Set(series).size, series.length, name)
  }
})

test('each is in docs/metrics.md, and nothing else is', () => {
  const documented = [...DOCUMENT.matchAll(/^\| `(baton_[a-z_]+)/gm)].map(([, name]) => name ?? '')
  assert.equal(
    documented.sort(),
    metricsOf(FACTS)
      .map(({ name }) => name)
      .sort(),
  )
})

test.run()
