import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
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

test('a line that lacks its end, as after a full disk, is left alone: the next one begins anew', async (scope) => {
  const { file } = room(scope)
  writeFileSync(file, '{"n":3')
  const { log, written } = room(scope, file)
  log.write('{"n":40}\n', 1)
  await written(1)
  log.write('{"n":41}\n', 1)
  await written(2)
  assert.is(readFileSync(file, 'utf8'), '{"n":3\n{"n":40}\n{"n":41}\n')
})

/** A pipe with a name, and collectors that read it. */
function pipe(scope: Scope) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-access-'))
  scope.defer(() => rmSync(folder, { recursive: true, force: true }))
  const file = path.join(folder, 'pipe')
  execFileSync('mkfifo', [file])
  const collector = () => {
    const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
    let isOpen = true
    const end = () => {
      if (isOpen) closeSync(fd)
      isOpen = false
    }
    scope.defer(end)
    const bytes = Buffer.alloc(1_048_576)
    const read = (): string => {
      try {
        return bytes.toString('utf8', 0, readSync(fd, bytes))
      } catch {
        return ''
      }
    }
    return { read, end }
  }
  return { file, collector }
}

test('a pipe that nobody reads stops nothing: not at the start, and not when its reader goes', async (scope) => {
  const { file, collector } = pipe(scope)
  const { world, events, warnings, log, written } = room(scope, file)
  assert.match(warnings[0] ?? '', 'nobody reads this pipe')
  log.write('one\n', 1)
  const first = collector()
  world.now += 1_000
  log.write('two\n', 1)
  await written(2)
  assert.equal([first.read(), warnings.at(-1), log.counts], ['two\n', undefined, { lines: 1, dropped: 1 }])
  first.end()
  log.write('three\n', 1)
  await written(3)
  world.now += 1_000
  log.write('four\n', 1)
  assert.is(log.counts.dropped, 3)
  assert.match(warnings.at(-1) ?? '', 'nobody reads this pipe')
  const second = collector()
  log.write('five\n', 1)
  assert.is(log.counts.dropped, 4, 'it is not tried at each line')
  world.now += 1_000
  log.write('six\n', 1)
  await written(6)
  assert.equal([second.read(), log.counts], ['six\n', { lines: 2, dropped: 4 }])
  assert.equal(events, ['access-log-failed', 'access-log-failed'])
})

test('a pipe whose reader stands still: what finds no room is counted, and what comes later is whole', async (scope) => {
  const { file, collector } = pipe(scope)
  const { read } = collector()
  const { world, warnings, log, written } = room(scope, file)
  const lines = Array.from({ length: 300 }, (_, n) => `${JSON.stringify({ n, fill: 'x'.repeat(990) })}\n`)
  log.write(lines.join(''), lines.length)
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.is(log.counts.dropped, 0)
  world.now += 1_000
  await written(300)
  assert.match(warnings.at(-1) ?? '', 'its reader has taken nothing for 1000 ms')
  const early = read()
  assert.is(log.counts.lines, early.split('\n').length - 1)
  assert.not.ok(early.endsWith('\n'))
  world.now += 1_000
  log.write('{"n":300}\n', 1)
  await written(301)
  assert.is(read(), '\n{"n":300}\n')
  assert.is(warnings.at(-1), undefined)
})

test('at the end of the process a full pipe is not waited for', async (scope) => {
  const { file, collector } = pipe(scope)
  const { read } = collector()
  const { log } = room(scope, file)
  const lines = `${'x'.repeat(999)}\n`.repeat(100)
  log.write(lines, 100)
  log.write(lines, 100)
  await new Promise((resolve) => setTimeout(resolve, 100))
  log.close()
  await until(() => (log.counts.lines + log.counts.dropped === 200 ? true : undefined), 1_000, 'all are counted')
  assert.is(log.counts.lines, read().split('\n').length - 1)
})

test.run()
