/**
 * `npm run sim -- --seed N [--steps N]` replays one seed with a trace; without `--seed` it runs many (`--seeds N`).
 * `--first N` begins elsewhere, `--faults` counts what happened, `--forced` lets operators use force (a class of its own).
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
    first: { type: 'string' },
    elections: { type: 'boolean' },
    forced: { type: 'boolean' },
    hosts: { type: 'boolean' },
    faults: { type: 'boolean' },
  },
})
const rules = values.broken === undefined ? {} : { [values.broken]: false }
const stepsMax = Number(values.steps ?? Number.POSITIVE_INFINITY)

process.exitCode = values.seed === undefined ? runMany(Number(values.seeds ?? 200)) : replay(Number(values.seed))

function build(seed: number, trace?: (line: string) => void): Cluster | ElectionCluster {
  const options = {
    seed,
    rules,
    forced: values.forced === true,
    hosts: values.hosts === true,
    ...(trace === undefined ? {} : { trace }),
  }
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
  const faults = new Map<string, number>()
  const first = Number(values.first ?? 1)
  for (let seed = first; seed < first + count; seed++) {
    const cluster = build(seed)
    const wrong = cluster.run(stepsMax)
    steps += cluster.steps
    for (const [fault, times] of cluster.faults) faults.set(fault, (faults.get(fault) ?? 0) + times)
    if (wrong !== undefined) wrongs.push(`seed ${seed}: ${wrong}`)
  }
  for (const wrong of wrongs) console.log(wrong)
  if (values.faults === true) for (const [fault, times] of [...faults].sort()) console.log(`${times} × ${fault}`)
  const seconds = ((performance.now() - began) / 1_000).toFixed(0)
  console.log(`${count} seeds, ${steps} steps in ${seconds} s, ${wrongs.length} with a broken law`)
  return wrongs.length === 0 ? 0 : 1
}
