import { chmodSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { BatonError } from '../../../src/base/errors.js'
import { until } from '../../../src/lab/wait.io.js'
import { AccessLog } from '../../../src/node/seeing/access-log.io.js'
import { assert, type Scope, suite } from '../../harness/suite.js'

const test = suite('node/seeing/access-log')

function room(scope: Scope, to?: string) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-access-'))
  scope.defer(() => rmSync(folder, { recursive: true, force: true }))
  const file = to ?? path.join(folder, 'access.log')
  const world = { now: 1_000 }
  const [events, warnings]: [string[], (string | undefined)[]] = [[], []]
  const log = AccessLog.open(
    file,
    () => world.now,
    { log: (_level, event) => void events.push(event) },
    (why) => void warnings.push(why),
  )
  const written = (lines: number) =>
    until(() => (log.counts.lines + log.counts.dropped >= lines ? true : undefined), 1_000, `${lines} lines`)
  return { folder, file, world, events, warnings, log, written }
}

test('lines are appended as they come, to a file that others may not read', async (scope) => {
  const { file, log, written } = room(scope)
  log.write('one\ntwo\n', 2)
  log.write('three\n', 1)
  await written(3)
  assert.is(readFileSync(file, 'utf8'), 'one\ntwo\nthree\n')
  assert.is(statSync(file).mode & 0o007, 0)
  log.write('four\n', 1)
  log.write('five\n', 1)
  log.close()
  // The first of them is on its way already; what waits for it is written within the call.
  assert.match(readFileSync(file, 'utf8'), 'five')
  await until(() => (readFileSync(file, 'utf8').includes('four') ? true : undefined), 1_000, 'all is there')
})

test('a file that was moved away, or removed, is begun anew within a second', async (scope) => {
  const { file, world, events, log, written } = room(scope)
  log.write('one\n', 1)
  await written(1)
  renameSync(file, `${file}.1`)
  world.now += 1_000
  log.write('two\n', 1)
  await written(2)
  rmSync(file)
  world.now += 1_000
  log.write('three\n', 1)
  await written(3)
  assert.equal([readFileSync(`${file}.1`, 'utf8'), readFileSync(file, 'utf8')], ['one\n', 'three\n'])
  assert.equal(events, ['access-log-reopened', 'access-log-reopened'])
})

test('more than there is room for is thrown away and counted, not waited for', async (scope) => {
  const { log, written } = room(scope)
  const batch = `${'x'.repeat(999)}\n`.repeat(1_000)
  for (let i = 0; i < 20; i++) log.write(batch, 1_000)
  assert.ok(log.counts.dropped >= 10_000 && log.counts.dropped < 20_000, String(log.counts.dropped))
  await written(20_000)
})

test('a full disk is told of once, and tried again', async (scope) => {
  const { world, events, warnings, log, written } = room(scope, '/dev/full')
  log.write('one\n', 1)
  await written(1)
  log.write('two\n', 1)
  await written(2)
  world.now += 1_000
  log.write('three\n', 1)
  await written(3)
  assert.equal(log.counts, { lines: 0, dropped: 3 })
  assert.equal(events, ['access-log-failed'])
  assert.match(warnings[0] ?? '', 'the access log /dev/full is not written: ENOSPC')
})

test('a folder that is not there is told of at the start, with the way out', (scope) => {
  const { folder } = room(scope)
  const to = path.join(folder, 'nowhere', 'access.log')
  assert.throws(
    () => room(scope, to),
    (error: unknown) =>
      error instanceof BatonError &&
      error.code === 'ERR_ACCESS_LOG' &&
      error.message.includes(to) &&
      error.hint !== undefined,
  )
  assert.not.ok(existsSync(to))
  chmodSync(folder, 0o700)
})

test.run()
