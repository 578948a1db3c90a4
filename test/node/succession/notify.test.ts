import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Notify } from '../../../src/node/succession/notify.io.js'
import { assert, suite } from '../../harness/suite.js'
import { serviceManager } from '../service-manager.js'

const test = suite('node/succession/notify')

for (const kind of ['a file', 'a name in no file system']) {
  test(`a service manager that listens at ${kind} hears of start and stop`, (scope) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-notify-'))
    scope.defer(() => rmSync(folder, { recursive: true, force: true }))
    const at = kind === 'a file' ? path.join(folder, 'notify') : `@baton-test-${process.pid}`
    const heard = serviceManager(scope, at)
    if (heard === undefined) return
    const notify = Notify.fromEnvironment({ NOTIFY_SOCKET: at })
    notify.ready('up as alpha')
    notify.stopping('SIGTERM')
    assert.equal(heard(), ['READY=1\nSTATUS=up as alpha', 'STOPPING=1\nSTATUS=stopping: SIGTERM'])
  })
}

test('a watchdog hears twice within its time, from this loop, until the stop', async (scope) => {
  const at = `@baton-dog-${process.pid}`
  const heard = serviceManager(scope, at)
  if (heard === undefined) return
  const notify = Notify.fromEnvironment({ NOTIFY_SOCKET: at, WATCHDOG_USEC: '40000' })
  await new Promise((resolve) => setTimeout(resolve, 60))
  assert.equal(heard(), [], 'the manager does not know it yet')
  notify.ready('up')
  assert.equal(heard(), ['READY=1\nSTATUS=up'])
  const barks: string[] = []
  while (barks.length < 3) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    barks.push(...heard())
  }
  assert.equal(new Set(barks), new Set(['WATCHDOG=1']))
  notify.stopping('done')
  heard()
  await new Promise((resolve) => setTimeout(resolve, 60))
  assert.equal(heard(), [])
})

test('nobody asked, nobody hears, or the name is odd: nothing happens', () => {
  for (const at of [undefined, '', '/nowhere/at/all', '@nobody', '/'.padEnd(400, 'x')]) {
    const notify = Notify.fromEnvironment(at === undefined ? {} : { NOTIFY_SOCKET: at, WATCHDOG_USEC: 'x' })
    notify.ready('up')
    notify.stopping('done')
  }
})

test('of a process that takes this one’s place the manager hears from the one that it knows', (scope) => {
  const at = `@baton-heir-${process.pid}`
  const heard = serviceManager(scope, at)
  if (heard === undefined) return
  const notify = Notify.fromEnvironment({ NOTIFY_SOCKET: at })
  const before = process.hrtime.bigint() / 1_000n
  notify.replacing('a new process starts')
  const [begun = ''] = heard()
  const [, usec = ''] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)\nSTATUS=a new process starts$/.exec(begun) ?? []
  assert.ok(BigInt(usec) >= before && BigInt(usec) <= process.hrtime.bigint() / 1_000n, begun)
  notify.ready('not replaced: it said\nREADY=0')
  assert.equal(heard(), ['READY=1\nSTATUS=not replaced: it said READY=0'], 'one line, whatever it is')
  notify.replacedBy(4_711)
  assert.equal(heard(), ['MAINPID=4711\nREADY=1\nSTATUS=replaced by process 4711'])
})

test.run()
