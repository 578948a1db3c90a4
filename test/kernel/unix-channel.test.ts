import { closeSync, fstatSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { UnixChannel, UnixListener } from '../../src/kernel/unix-channel.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'

const test = suite('kernel/unix-channel')
const LIMIT_MS = 1_000

function pair(scope: Scope): { from: UnixChannel; to: UnixChannel; folder: string } {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-channel-'))
  scope.defer(() => rmSync(folder, { recursive: true }))
  const at = path.join(folder, 'sock')
  const listener = UnixListener.open(at)
  if ('why' in listener) throw new Error(listener.why)
  const from = UnixChannel.connect(at, LIMIT_MS)
  if ('why' in from) throw new Error(from.why)
  const to = listener.accept(LIMIT_MS)
  if ('why' in to) throw new Error(to.why)
  listener.close()
  scope.defer(() => from.close())
  scope.defer(() => to.close())
  return { from, to, folder }
}

function closeAll(fds: readonly number[]): void {
  for (const fd of fds) closeSync(fd)
}

test('that the other side is gone is seen at once, and not before what it had said is read', (scope) => {
  const { from, to } = pair(scope)
  assert.is(to.isEnded, false)
  from.send(1, new Uint8Array([1]), [], LIMIT_MS)
  from.close()
  assert.is(to.isEnded, false, 'its last word')
  to.receive(LIMIT_MS)
  assert.is(to.isEnded, true)
})

test('frames arrive in order, each with its descriptors', (scope) => {
  const { from, to, folder } = pair(scope)
  const files = Array.from({ length: 200 }, (_, i) => {
    const file = path.join(folder, `file${i}`)
    writeFileSync(file, 'x'.repeat(i))
    return openSync(file, 'r')
  })
  scope.defer(() => closeAll(files))
  assert.is(from.send(1, new Uint8Array([1, 2, 3]), files, LIMIT_MS), undefined)
  assert.is(from.send(2, new Uint8Array(0), [], LIMIT_MS), undefined)
  const first = to.receive(LIMIT_MS)
  if ('why' in first) throw new Error(first.why)
  scope.defer(() => closeAll(first.fds))
  assert.equal([first.kind, [...first.bytes]], [1, [1, 2, 3]])
  assert.equal(
    first.fds.map((fd) => fstatSync(fd).size),
    files.map((_, i) => i),
    'descriptor for descriptor the same files',
  )
  assert.ok(first.fds.every((fd) => !files.includes(fd)))
  const second = to.receive(LIMIT_MS)
  assert.equal('why' in second ? second : [second.kind, second.bytes.byteLength, second.fds.length], [2, 0, 0])
})

test('what does not come in time, and an end, are told', (scope) => {
  const { from, to } = pair(scope)
  const none = to.receive(20)
  assert.ok('why' in none && none.why.includes('in time'), JSON.stringify(none))
  from.shutdownRead()
  const after = to.send(1, new Uint8Array(0), [], LIMIT_MS)
  assert.is(after?.errno, 32, 'EPIPE: nothing arrives after that')
})

test('what was sent before the other side stopped listening is received', (scope) => {
  const { from, to } = pair(scope)
  assert.is(to.send(9, new Uint8Array(0), [], LIMIT_MS), undefined)
  from.shutdownRead()
  const frame = from.receive(LIMIT_MS)
  assert.is('why' in frame ? frame.why : frame.kind, 9)
})

test('the kernel tells who is there, and nothing is left open', (scope) => {
  const { from } = pair(scope)
  assert.equal(from.peer, { pid: process.pid, uid: process.getuid?.() ?? -1 })
  assert.ok(readdirSync('/proc/self/fd').length > 0)
})

test('a path that is too long is told', () => {
  const opened = UnixListener.open(`/tmp/${'x'.repeat(200)}`)
  assert.ok('why' in opened && opened.why.includes('ENAMETOOLONG'))
})

test.run()
