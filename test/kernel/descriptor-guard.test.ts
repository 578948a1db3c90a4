import { closeSync, openSync, readFileSync } from 'node:fs'
import { loadControlCalls } from '../../src/kernel/control-calls.io.js'
import { guardDescriptors } from '../../src/kernel/descriptor-guard.io.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('kernel/descriptor-guard')

test('a descriptor that a child would inherit is found, named, and not inherited any more', (scope) => {
  const calls = loadControlCalls()
  assert.not('why' in calls)
  if ('why' in calls) return
  guardDescriptors()
  const fd = openSync('/dev/null', 'r')
  scope.defer(() => closeSync(fd))
  assert.equal(guardDescriptors(), { closed: [], hasIoUring: false })
  calls.control(fd, 2, 0)
  assert.equal(guardDescriptors(), { closed: [`${fd} (/dev/null)`], hasIoUring: false })
  const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? '0'
  assert.ok(Number.parseInt(flags, 8) & 0o2000000)
  assert.equal(guardDescriptors().closed, [])
})

test.run()
