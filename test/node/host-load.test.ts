import { loadPermille, watchLoad } from '../../src/node/host-load.io.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('node/host-load', 10_000)

test('runnable threads for each core, in steps of 50 thousandths', () => {
  const rows: [average: number, cores: number, expected: number][] = [
    [0, 4, 0],
    [1, 4, 250],
    [1.1, 4, 300],
    [8, 4, 2_000],
    [1_000, 1, 10_000],
    [1, 0, 1_000],
  ]
  for (const [average, cores, expected] of rows)
    assert.is(loadPermille(average, cores), expected, `${average} ${cores}`)
  assert.ok(loadPermille() >= 0)
})

test('it is told at once, and again when it has changed', async () => {
  const told: number[] = []
  const looks = [100, 100, 200]
  const stop = watchLoad(
    (load) => told.push(load),
    () => looks.shift() ?? 200,
  )
  assert.equal(told, [100])
  await new Promise((resolve) => setTimeout(resolve, 4_500))
  stop()
  assert.equal(told, [100, 200])
})

test.run()
