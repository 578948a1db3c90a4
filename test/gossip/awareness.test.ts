import { Awareness, failedProbePoints } from '../../src/gossip/awareness.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('gossip/awareness')

test('the score stays within its bounds and stretches spans', () => {
  const awareness = new Awareness(2)
  awareness.lower()
  assert.is(awareness.scale(100), 100)
  awareness.raise(5)
  assert.is(awareness.score, 2)
  assert.is(awareness.scale(100), 300)
  awareness.lower()
  assert.is(awareness.scale(100), 200)
})

test('only helpers that stay silent speak against the prober', () => {
  const rows: [asked: number, nacks: number, points: number][] = [
    [3, 3, 0],
    [3, 1, 2],
    [3, 0, 3],
    [0, 0, 0], // a cluster of two: the peer's silence says nothing about us
    [1, 2, 0],
  ]
  for (const [asked, nacks, points] of rows) assert.is(failedProbePoints(asked, nacks), points)
})

test.run()
