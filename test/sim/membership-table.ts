/**
 * `node --import tsx test/sim/membership-table.ts [--node-seconds N] [--crashes N] [--profile lan|fast] [--no-links]`:
 * the tables of docs/membership.md, measured anew. The same arguments give the same numbers on every host.
 */
import { parseArgs } from 'node:util'
import type { GossipProfile } from '../../src/gossip/config.js'
import { type Measurement, measure } from './membership-measure.js'

const { values } = parseArgs({
  options: {
    'node-seconds': { type: 'string', default: '250000' },
    crashes: { type: 'string', default: '200' },
    profile: { type: 'string' },
    'no-links': { type: 'boolean', default: false },
  },
})
const links = !values['no-links']
const SIZES = [3, 8, 16, 64] as const
const LARGE = { size: 1_000, nodeSeconds: 60_000, crashes: 20 } as const
const PROFILES: readonly GossipProfile[] = ['lan', 'fast']

const columns = [
  'profile',
  'n',
  'crashes',
  'known to all: median',
  'p99',
  'longest',
  'datagrams/s/node',
  'bytes/s/node',
  'node-seconds',
  'suspicions',
  'false positives',
]
row(columns)
row(columns.map(() => '---'))
for (const profile of PROFILES) {
  if (values.profile !== undefined && values.profile !== profile) continue
  for (const size of SIZES) {
    print({ profile, size, nodeSeconds: Number(values['node-seconds']), crashes: Number(values.crashes), links })
  }
  if (links) print({ profile, ...LARGE })
}

function print(measurement: Measurement): void {
  const { profile, size, crashes, nodeSeconds } = measurement
  const { medianMs, p99Ms, maxMs, ...quiet } = measure(measurement)
  row([
    profile,
    size,
    crashes,
    ...[medianMs, p99Ms, maxMs].map((ms) => `${Math.round(ms)} ms`),
    quiet.datagramsPerSecond.toFixed(1),
    Math.round(quiet.bytesPerSecond),
    nodeSeconds,
    quiet.suspicions,
    quiet.falsePositives,
  ])
}

function row(cells: readonly (string | number)[]): void {
  process.stdout.write(`| ${cells.join(' | ')} |\n`)
}
