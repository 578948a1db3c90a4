import { realClock } from '../../src/base/real-clock.io.js'
import { rehearseLink } from '../../src/trunk/rehearsal.io.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('trunk/rehearsal')

test('a link comes about, and leaves nothing', async () => {
  assert.is(await rehearseLink(realClock()), true)
})

test.run()
