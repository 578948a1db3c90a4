import { findObstacle } from '../../../src/node/services/declaring.io.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('node/services/declaring')

const voters = ['a', 'b', 'c'].map((name) => ({ id: name, name }))

test('a declared file waits until the node has joined, sees a majority and has heard all services', () => {
  const cases: [
    voters: number,
    reachable: number,
    links: number,
    hasCaughtUp: boolean,
    obstacle: RegExp | undefined,
  ][] = [
    [0, 0, 0, false, /not joined/],
    [0, 0, 1, true, /not joined/],
    [3, 1, 0, false, /1 of 3 voters are reachable, 2 are needed/],
    [3, 2, 1, false, /not heard all services/],
    [3, 2, 1, true, undefined],
    // The founder, alone: there is nobody to hear from.
    [1, 1, 0, false, undefined],
    [1, 1, 1, false, /not heard all services/],
    // It had caught up, and the majority is gone since.
    [3, 1, 0, true, /2 are needed/],
  ]
  for (const [count, reachable, links, hasCaughtUp, obstacle] of cases) {
    const electorate = { voters: voters.slice(0, count), quorum: Math.floor(count / 2) + 1, reachable }
    const found = findObstacle(electorate, links, hasCaughtUp)
    if (obstacle === undefined) assert.is(found, undefined)
    else assert.match(found ?? 'none', obstacle)
  }
})

test.run()
