/** `node --import tsx test/sim/failover-table.ts [--times N]`: the table of simulated fail-over times in docs/election.md. */
import { parseArgs } from 'node:util'
import { measureFailover, quantile } from './failover-measure.js'

const { values } = parseArgs({ options: { times: { type: 'string', default: '50' } } })
console.log('| profile | n | end | times | median | p99 | longest |')
console.log('| --- | --- | --- | --- | --- | --- | --- |')
for (const profile of ['lan', 'fast'] as const) {
  for (const nodes of [3, 8, 16, 64]) {
    for (const end of ['crash', 'power-off'] as const) {
      const gaps = measureFailover({ nodes, profile, end, times: Number(values.times), seed: 1 })
      const [median, p99, longest] = [0.5, 0.99, 1].map((p) => `${quantile(gaps, p).toFixed(0)} ms`)
      console.log(`| ${profile} | ${nodes} | ${end} | ${gaps.length} | ${median} | ${p99} | ${longest} |`)
    }
  }
}
