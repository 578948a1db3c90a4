import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { ByteWriter, utf8 } from '../../src/base/bytes.js'
import { loadControlCalls } from '../../src/kernel/control-calls.io.js'
import { Notify } from '../../src/node/notify.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'

const test = suite('node/notify')
const SOCK_DGRAM_NONBLOCK = 2 | 0o4000

/** A service manager that hears at a name; what it has heard since the last question. */
function manager(scope: Scope, at: string): (() => string[]) | undefined {
  const calls = loadControlCalls()
  if ('why' in calls) return undefined
  const fd = calls.socket(1, SOCK_DGRAM_NONBLOCK, 0)
  scope.defer(() => void calls.close(fd))
  const name = utf8(at)
  if (at.startsWith('@')) name[0] = 0
  assert.is(calls.bind(fd, new ByteWriter(128).u16(1).put(name).finish()), 0)
  const into = new Uint8Array(1_024)
  return () => {
    const heard: string[] = []
    for (let length = calls.receive(fd, into); length > 0; length = calls.receive(fd, into)) {
      heard.push(new TextDecoder().decode(into.subarray(0, length)))
    }
    return heard
  }
}

for (const kind of ['a file', 'a name in no file system']) {
  test(`a service manager that listens at ${kind} hears of start and stop`, (scope) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-notify-'))
    scope.defer(() => rmSync(folder, { recursive: true, force: true }))
    const at = kind === 'a file' ? path.join(folder, 'notify') : `@baton-test-${process.pid}`
    const heard = manager(scope, at)
    if (heard === undefined) return
    const notify = Notify.fromEnvironment({ NOTIFY_SOCKET: at })
    notify.ready('up as alpha')
    notify.stopping('SIGTERM')
    assert.equal(heard(), ['READY=1\nSTATUS=up as alpha', 'STOPPING=1\nSTATUS=stopping: SIGTERM'])
  })
}

test('a watchdog hears twice within its time, from this loop, until the stop', async (scope) => {
  const at = `@baton-dog-${process.pid}`
  const heard = manager(scope, at)
  if (heard === undefined) return
  const notify = Notify.fromEnvironment({ NOTIFY_SOCKET: at, WATCHDOG_USEC: '40000' })
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
  const heard = manager(scope, at)
  if (heard === undefined) return
  Notify.fromEnvironment({ NOTIFY_SOCKET: at }).replacedBy(4_711)
  assert.equal(heard(), ['MAINPID=4711\nREADY=1\nSTATUS=replaced by process 4711'])
})

test.run()
