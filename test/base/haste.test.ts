import { spawnSync } from 'node:child_process'
import os from 'node:os'
import { fileURLToPath } from 'node:url'
import { makeHaste } from '../../src/base/haste.io.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('base/haste')
const MAIN = fileURLToPath(new URL('hasty-main.ts', import.meta.url))

test('haste is over when it is said to be, and it is no error where it is not allowed', () => {
  const before = os.getPriority()
  const settle = makeHaste()
  const meanwhile = os.getPriority()
  settle()
  assert.ok(meanwhile <= before, `${before}, then ${meanwhile}`)
  if (process.getuid?.() === 0) assert.is(meanwhile, Math.min(before, -10))
  assert.is(os.getPriority(), before)
})

test('the main thread comes first, and what it begins as ordinary does not, be it a thread or a process', () => {
  const before = os.getPriority()
  const first = process.getuid?.() === 0 ? Math.min(before, -10) : before
  const { stdout, stderr } = spawnSync(process.execPath, [...process.execArgv, MAIN], { encoding: 'utf8' })
  assert.equal(JSON.parse(stdout || '0'), { thread: before, process: before, main: first }, stderr)
})

test(
  'a user without the right goes on as it is',
  () => {
    const command = [
      '--clear-groups',
      '--reuid',
      '65534',
      '--regid',
      '65534',
      process.execPath,
      ...process.execArgv,
      MAIN,
    ]
    const { stdout, stderr } = spawnSync('setpriv', command, { encoding: 'utf8' })
    const before = os.getPriority()
    assert.equal(JSON.parse(stdout || '0'), { thread: before, process: before, main: before }, stderr)
  },
  { needs: ['setpriv'], root: true },
)

test.run()
