import { loadPermille, watchLoad } from '../../../src/node/programs/host-load.io.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('node/programs/host-load')

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
  const looks = [100, 100, 200, 200, 300]
  const told: number[] = []
  await new Promise<void>((resolve) => {
    const tell = (load: number) => {
      told.push(load)
      if (load === 300) resolve(stop())
    }
    const stop = watchLoad(tell, () => looks.shift() ?? 300, 5)
  })
  assert.equal([told, looks], [[100, 200, 300], []])
})

test.run()
