import { assert, suite } from '../harness/suite.js'
import { type Measured, measure } from './membership-measure.js'
import { runSwarm } from './membership-swarm.js'

const test = suite('sim/membership, long', 600_000)
/** Of each profile in all, over four sizes of cluster. */
const NODE_SECONDS = { lan: 1_000_000, fast: 250_000 } as const
const LIMIT_MS = { lan: 1_500, fast: 500 } as const
const SIZES = [3, 8, 16, 64] as const

test('no law of membership is broken in 1,000 seeds', () => {
  for (let seed = 1; seed <= 1_000; seed++) {
    const { broken } = runSwarm(seed)
    assert.is(broken, undefined, `SEED=${seed}: ${broken}`)
  }
})

for (const profile of ['lan', 'fast'] as const) {
  test(`${profile}: 100 crashes are known in time, and nobody is taken for dead in ${NODE_SECONDS[profile]} node-seconds`, () => {
    const loads: number[] = []
    for (const size of SIZES) {
      const nodeSeconds = NODE_SECONDS[profile] / SIZES.length
      const { maxMs, falsePositives, bytesPerSecond } = measure({ size, profile, nodeSeconds, crashes: 100 })
      assert.ok(maxMs <= LIMIT_MS[profile], `n = ${size}: ${maxMs} ms`)
      assert.is(falsePositives, 0, `n = ${size}`)
      loads.push(bytesPerSecond)
    }
    assertConstant(loads)
  })
}

test('a thousand members: a crash is known within 2 s, at the load of eight', () => {
  const of = (size: number): Measured => measure({ size, profile: 'lan', nodeSeconds: 10_000, crashes: 3 })
  const [few, many] = [of(8), of(1_000)]
  assert.ok(many.maxMs <= 2_000, `${many.maxMs} ms`)
  assert.is(many.falsePositives, 0)
  assertConstant([few.bytesPerSecond, many.bytesPerSecond])
})

function assertConstant(loads: readonly number[]): void {
  assert.ok(Math.max(...loads) < 1.15 * Math.min(...loads), `bytes per second and node: ${loads.join(', ')}`)
}

test.run()
