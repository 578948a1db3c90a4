import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { BatonError } from '../../../src/base/errors.js'
import { createState, nextBoot, openState, parseClusterKeys } from '../../../src/node/state/state-dir.io.js'
import { defaultStateFolder, statePaths } from '../../../src/node/state/state-folder.io.js'
import { lockHolder, lockState } from '../../../src/node/state/state-lock.io.js'
import { formatClusterKey } from '../../../src/trunk/cluster-key.js'
import { tempFolder } from '../../cli/fake-node.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('node/state/state-dir', 5_000)

function failure(work: () => unknown): BatonError {
  try {
    work()
  } catch (error) {
    if (error instanceof BatonError) return error
    throw error
  }
  throw new Error('expected a BatonError')
}

/** Looks again at each turn of the event loop; the test's own limit ends it. */
async function until<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    const found = look()
    if (found !== undefined) return found
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('what init writes is read again, and is for the owner only', (scope) => {
  const folder = path.join(tempFolder(scope), 'a', 'b')
  const made = createState(folder, { name: 'node1' })
  const read = openState(folder)
  assert.equal(read, made)
  assert.ok(read.founded)
  assert.match(read.id, /^[0-9a-f]{32}$/)
  assert.is(statSync(folder).mode & 0o777, 0o700)
  for (const file of readdirSync(folder)) assert.is(statSync(path.join(folder, file)).mode & 0o777, 0o600, file)
})

test('who joins with a key does not found, and has the same key and another id', (scope) => {
  const base = tempFolder(scope)
  const first = createState(path.join(base, '1'), { name: 'node1' })
  const clusterKeys = parseClusterKeys(readFileSync(first.paths.clusterKey, 'utf8'), 'a file')
  createState(path.join(base, '2'), { name: 'node2', clusterKeys })
  const second = openState(path.join(base, '2'))
  assert.not.ok(second.founded)
  assert.equal(second.clusterKeys, first.clusterKeys)
  assert.is.not(second.id, first.id)
})

test('a folder that is in use is never overwritten', (scope) => {
  const folder = tempFolder(scope)
  const { paths } = createState(folder, { name: 'node1' })
  const before = readFileSync(paths.nodeKey, 'utf8')
  const error = failure(() => createState(folder, { name: 'node2' }))
  assert.is(error.code, 'ERR_STATE_EXISTS')
  assert.match(error.message, 'already belongs to node node1')
  rmSync(paths.node)
  assert.match(failure(() => createState(folder, { name: 'node2' })).hint ?? '', 'cut off')
  assert.is(readFileSync(paths.nodeKey, 'utf8'), before)
})

test('each missing, damaged or exposed file is named with the way out', (scope) => {
  const folder = tempFolder(scope)
  const files = statePaths(folder)
  const cases: [string, (file: string) => void, string][] = [
    [files.node, rmSync, 'ERR_STATE_MISSING'],
    [files.clusterKey, rmSync, 'ERR_STATE_MISSING'],
    [files.nodeKey, rmSync, 'ERR_STATE_MISSING'],
    [files.node, (file) => writeFileSync(file, ''), 'ERR_STATE_DAMAGED'],
    [files.nodeKey, (file) => writeFileSync(file, readFileSync(file, 'utf8').replace('a', 'b')), 'ERR_STATE_DAMAGED'],
    [files.clusterKey, (file) => writeFileSync(file, ''), 'ERR_CLUSTER_KEY_INVALID'],
    [files.clusterKey, (file) => writeFileSync(file, 'baton-key-1-abc\n'), 'ERR_CLUSTER_KEY_INVALID'],
    [files.clusterKey, (file) => chmodSync(file, 0o640), 'ERR_KEY_EXPOSED'],
    [files.nodeKey, (file) => chmodSync(file, 0o604), 'ERR_KEY_EXPOSED'],
    [folder, (file) => chmodSync(file, 0o770), 'ERR_STATE_EXPOSED'],
  ]
  for (const [file, spoil, code] of cases) {
    rmSync(folder, { recursive: true })
    createState(folder, { name: 'node1' })
    spoil(file)
    const error = failure(() => openState(folder))
    assert.is(error.code, code, `${file}: ${error.message}`)
    assert.match(error.message, path.basename(file))
    assert.ok(error.hint !== undefined && error.hint !== '', file)
  }
})

test("another node's key in the folder is noticed", (scope) => {
  const base = tempFolder(scope)
  const [one, two] = ['1', '2'].map((name) => createState(path.join(base, name), { name }))
  writeFileSync(one?.paths.nodeKey ?? '', readFileSync(two?.paths.nodeKey ?? ''))
  assert.match(failure(() => openState(path.join(base, '1'))).message, 'it is the key of node')
})

test('an error about a cluster key does not quote it', (scope) => {
  const { clusterKeys } = createState(path.join(tempFolder(scope), 'a'), { name: 'a' })
  const text = formatClusterKey(clusterKeys[0] as Uint8Array)
  const spoiled = `${text.slice(0, -1)}${text.endsWith('a') ? 'b' : 'a'}`
  const error = failure(() => parseClusterKeys(spoiled, '--join'))
  assert.not.ok(`${error.message} ${error.hint}`.includes(text.slice(12, 40)))
  assert.match(failure(() => parseClusterKeys(`${text}\n`.repeat(9), 'x')).message, 'at most 8')
})

test('boots are counted from 1, each once', (scope) => {
  const { paths } = createState(tempFolder(scope), { name: 'node1' })
  assert.equal([nextBoot(paths), nextBoot(paths), nextBoot(paths)], [1, 2, 3])
  writeFileSync(paths.boot, '{}')
  assert.is(failure(() => nextBoot(paths)).code, 'ERR_STATE_DAMAGED')
})

test('a folder that cannot be made is named', () => {
  const error = failure(() => createState('/proc/baton', { name: 'node1' }))
  assert.is(error.code, 'ERR_STATE_UNWRITABLE')
  assert.match(error.message, '/proc/baton')
})

test('the folder is chosen by environment, then by user', () => {
  assert.is(defaultStateFolder({ BATON_STATE: '/x/y' }, 0, '/root'), '/x/y')
  assert.is(defaultStateFolder({}, 0, '/root'), '/var/lib/baton')
  assert.is(defaultStateFolder({}, 1000, '/home/u'), '/home/u/.local/state/baton')
  assert.is(defaultStateFolder({ XDG_STATE_HOME: '/s' }, 1000, '/home/u'), '/s/baton')
  assert.is(defaultStateFolder({ XDG_STATE_HOME: 'relative' }, 1000, '/home/u'), '/home/u/.local/state/baton')
})

test('a second process on a folder is refused, and told the pid', (scope) => {
  const file = path.join(tempFolder(scope), 'lock')
  const lock = lockState(file)
  const error = failure(() => lockState(file))
  assert.is(error.code, 'ERR_STATE_IN_USE')
  assert.match(error.message, `process ${process.pid} `)
  assert.is(lockHolder(file), process.pid)
  lock.release()
  assert.not.ok(existsSync(file))
  lockState(file).release()
})

test('the lock of a killed process is taken over', async (scope) => {
  const file = path.join(tempFolder(scope), 'lock')
  const module = new URL('../../../src/node/state/state-lock.io.ts', import.meta.url).href
  const script = `import(${JSON.stringify(module)}).then(({ lockState }) => { lockState(${JSON.stringify(file)}); console.log('locked'); setInterval(() => {}, 1000) })`
  const child = spawn(process.execPath, ['--import', 'tsx', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  scope.defer(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  assert.match(failure(() => lockState(file)).message, `process ${child.pid} `)
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.is(lockHolder(file), undefined)
  lockState(file).release()
})

test('a pid that came back as another process holds nothing', (scope) => {
  const file = path.join(tempFolder(scope), 'lock')
  const lock = lockState(file)
  const holder = JSON.parse(readFileSync(file, 'utf8'))
  lock.release()
  const stale = [
    { ...holder, startTicks: '1' },
    { ...holder, hostBoot: 'an earlier one' },
    { ...holder, pid: 2 ** 22 + 1 },
    {},
    null,
  ]
  for (const content of stale.map((one) => JSON.stringify(one)).concat('', 'no JSON')) {
    writeFileSync(file, content)
    lockState(file).release()
  }
  assert.equal(readdirSync(path.dirname(file)), [])
})

test('a process that has ended and was not yet waited for holds nothing', async (scope) => {
  const file = path.join(tempFolder(scope), 'lock')
  lockState(file).release()
  // `sleep 10` never waits for the child that it inherits; that one must outlive the shell, which would wait for it.
  const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 10'], { stdio: ['ignore', 'pipe', 'inherit'] })
  scope.defer(() => void parent.kill('SIGKILL'))
  const [output] = await once(parent.stdout, 'data')
  const pid = Number(output)
  const stat = await until(() => {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.includes(') Z ') ? text : undefined
  })
  const startTicks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  const hostBoot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  writeFileSync(file, JSON.stringify({ pid, startTicks, hostBoot }))
  lockState(file).release()
})

test('a lock in a folder that is not there says so', (scope) => {
  const folder = path.join(tempFolder(scope), 'gone')
  assert.is(failure(() => lockState(path.join(folder, 'lock'))).code, 'ERR_STATE_UNWRITABLE')
  mkdirSync(folder)
  lockState(path.join(folder, 'lock')).release()
})

test.run()
