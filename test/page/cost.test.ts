/** What the page costs its node with ten thousand splices: a look of the lane, and the page made of it, once in three seconds at rest. */
import { renderMain } from '../../src/page/page.js'
import { assert, suite } from '../harness/suite.js'
import { DirectingLane } from '../lane/directing-lane.js'
import { overview } from './sample.js'

const test = suite('page/cost', 20_000)
const COUNT = 10_000
const TICK_MS = 3_000
const LOOKS = 25

test('less than one hundredth of a core', () => {
  const lane = new DirectingLane()
  for (let i = 0; i < COUNT; i++) lane.splice()
  lane.heard.length = 0
  const look = () => {
    lane.lane.receive({ type: 'query', query: 1, limit: 0 })
    const answer = lane.heard.pop()
    assert.is(answer?.type === 'answer' && answer.report.active, COUNT)
    return renderMain(overview(true)).length
  }
  look()
  const before = process.cpuUsage()
  for (let i = 0; i < LOOKS; i++) look()
  const { user, system } = process.cpuUsage(before)
  const ms = (user + system) / 1_000 / LOOKS
  assert.ok(ms < TICK_MS / 100, `${ms.toFixed(1)} ms of ${TICK_MS}`)
})

test.run()
