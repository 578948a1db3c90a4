/**
 * `npm run sim -- --seed N [--steps N]` replays one seed with a trace; without `--seed` it runs many (`--seeds N`).
 * `--broken RULE` switches a rule off, to see that it is missed. `--elections` runs election machines alone.
 */
import { parseArgs } from 'node:util'
import { Cluster } from './cluster.js'
import { ElectionCluster } from './election-cluster.js'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    steps: { type: 'string' },
    seeds: { type: 'string' },
    broken: { type: 'string' },
    elections: { type: 'boolean' },
  },
})
const rules = values.broken === undefined ? {} : { [values.broken]: false }
const stepsMax = Number(values.steps ?? Number.POSITIVE_INFINITY)

process.exitCode = values.seed === undefined ? runMany(Number(values.seeds ?? 200)) : replay(Number(values.seed))

function build(seed: number, trace?: (line: string) => void): Cluster | ElectionCluster {
  const options = { seed, rules, ...(trace === undefined ? {} : { trace }) }
  return values.elections === true ? new ElectionCluster(options) : new Cluster(options)
}

function replay(seed: number): number {
  const cluster = build(seed, (line) => console.log(line))
  const wrong = cluster.run(stepsMax)
  console.log(`seed ${seed}, ${cluster.steps} steps: ${wrong ?? 'no law was broken'}`)
  return wrong === undefined ? 0 : 1
}

function runMany(count: number): number {
  const [began, wrongs] = [performance.now(), [] as string[]]
  let steps = 0
  for (let seed = 1; seed <= count; seed++) {
    const cluster = build(seed)
    const wrong = cluster.run(stepsMax)
    steps += cluster.steps
    if (wrong !== undefined) wrongs.push(`seed ${seed}: ${wrong}`)
  }
  for (const wrong of wrongs) console.log(wrong)
  const seconds = ((performance.now() - began) / 1_000).toFixed(0)
  console.log(`${count} seeds, ${steps} steps in ${seconds} s, ${wrongs.length} with a broken law`)
  return wrongs.length === 0 ? 0 : 1
}
