import os from 'node:os'
import { makeHaste } from '../../src/base/haste.io.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('base/haste')

test('haste is over when it is said to be, and it is no error where it is not allowed', () => {
  const before = os.getPriority()
  const settle = makeHaste()
  const meanwhile = os.getPriority()
  settle()
  assert.ok(meanwhile <= before, `${before}, then ${meanwhile}`)
  if (process.getuid?.() === 0) assert.is(meanwhile, Math.min(before, -10))
  assert.is(os.getPriority(), before)
})

test.run()
