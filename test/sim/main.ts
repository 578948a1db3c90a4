/** `npm run sim -- --seed N [--steps N] [--broken RULE]`: replays one seed with a trace; without --seed runs many. */
import { parseArgs } from 'node:util'
import { ElectionCluster } from './election-cluster.js'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    steps: { type: 'string' },
    seeds: { type: 'string' },
    broken: { type: 'string' },
  },
})
const rules = values.broken === undefined ? {} : { [values.broken]: false }
const stepsMax = Number(values.steps ?? Number.POSITIVE_INFINITY)

if (values.seed === undefined) process.exitCode = runMany(Number(values.seeds ?? 200))
else process.exitCode = replay(Number(values.seed))

function replay(seed: number): number {
  const cluster = new ElectionCluster({ seed, rules, trace: (line) => console.log(line) })
  if (stepsMax === Number.POSITIVE_INFINITY) {
    const wrong = cluster.run()
    console.log(`seed ${seed}, ${cluster.steps} steps: ${wrong ?? 'no law was broken'}`)
    return wrong === undefined ? 0 : 1
  }
  while (cluster.steps < stepsMax && cluster.step());
  console.log(`seed ${seed}, ${cluster.steps} steps: ${cluster.violation ?? 'no law was broken'}`)
  return cluster.violation === undefined ? 0 : 1
}

function runMany(count: number): number {
  let steps = 0
  let broken = 0
  for (let seed = 1; seed <= count; seed++) {
    const cluster = new ElectionCluster({ seed, rules })
    const wrong = cluster.run()
    steps += cluster.steps
    if (wrong === undefined) continue
    broken++
    console.log(`seed ${seed}: ${wrong}`)
  }
  console.log(`${count} seeds, ${steps} steps, ${broken} with a broken law`)
  return broken === 0 ? 0 : 1
}
