import { execFile } from 'node:child_process'
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { LogFields } from '../../../src/base/log.js'
import { silentLogger } from '../../../src/base/log.js'
import { startControlServer } from '../../../src/node/control/control-server.io.js'
import { auditArguments, auditOf, isWorthAudit, parseAudit } from '../../../src/node/seeing/audit.js'
import { AuditFile } from '../../../src/node/seeing/audit-file.io.js'
import { SECRET } from '../../cli/fake-keys.js'
import { fakeApi, tempFolder } from '../../cli/fake-node.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('node/control/control-access', 30_000)
const run = promisify(execFile)
const CLIENT = fileURLToPath(new URL('control-caller.ts', import.meta.url))
const [READERS, WRITERS, NOBODY, USER] = [64_101, 64_102, 64_103, 64_100]

/** What a user in these groups gets: `ok`, or the error's code, message and hint. */
async function asks(socket: string, group: number, what: string): Promise<string> {
  const command = ['--reuid', `${USER}`, '--regid', `${group}`, '--clear-groups', process.execPath, '--import', 'tsx']
  const { stdout } = await run('setpriv', [...command, CLIENT, socket, what])
  return stdout.trim()
}

test(
  'a group may look, another may do everything, others nothing; each is told which group it lacks, and all of it is noted',
  async (scope) => {
    const folder = tempFolder(scope)
    const socket = path.join(folder, 'control.sock')
    const logged: LogFields[] = []
    const audit = new AuditFile(path.join(folder, 'audit.log'), {
      log: (_level, event, fields = {}) => void (event === 'audit' && logged.push(fields)),
    })
    const access = { read: READERS, write: WRITERS }
    const asked: unknown[] = []
    const api = { ...fakeApi(asked), audit: async (limit: number) => audit.read(limit) }
    const server = await startControlServer({
      path: socket,
      api,
      logger: silentLogger,
      access,
      audit: (record) => audit.write(record),
    })
    scope.defer(() => server.close())
    assert.equal(
      [statSync(folder).mode & 0o777, statSync(socket).mode & 0o777, statSync(socket).gid],
      [0o711, 0o660, WRITERS],
    )
    // Whoever walks through the folder finds nothing in it.
    assert.is(await asks(socket, WRITERS, 'status'), 'ok')
    assert.is(await asks(socket, WRITERS, 'rotate'), 'ok')
    assert.is(await asks(socket, READERS, 'status'), 'ok')
    assert.is(await asks(socket, READERS, 'audit'), 'ok')
    for (const what of ['rotate', 'reveal', 'add']) {
      const denied = await asks(socket, READERS, what)
      assert.match(denied, 'ERR_CONTROL_DENIED')
      assert.match(denied, `members of the group ${WRITERS}`)
    }
    const stranger = await asks(socket, NOBODY, 'status')
    assert.match(stranger, 'ERR_CONTROL_DENIED')
    assert.match(stranger, `${READERS} may look`)
    assert.match(stranger, `${WRITERS} may do everything`)
    assert.equal(asked, [{ what: 'rotate', force: false }], 'nothing else came through')

    const { records } = audit.read(100)
    assert.equal(
      records.map(({ uid, gid, command, result }) => [uid, gid, command, result]),
      [
        [USER, WRITERS, 'POST /v1/keys/rotate', 'ok'],
        // The others are told with the next one, ten seconds later.
        [USER, READERS, 'POST /v1/keys/rotate', 'ERR_CONTROL_DENIED'],
      ],
    )
    assert.ok(records.every(({ pid }) => pid !== undefined && pid > 0))
    assert.is(logged.length, records.length)
    assert.is(statSync(path.join(folder, 'audit.log')).mode & 0o777, 0o600)
    assert.not(readFileSync(path.join(folder, 'audit.log'), 'utf8').includes(SECRET))
  },
  { root: true, needs: ['setpriv'] },
)

test('the folder is closed again by a start without groups; a mode that somebody else chose stays', async (scope) => {
  for (const [before, after] of [
    [0o711, 0o700],
    [0o700, 0o700],
    [0o755, 0o755],
  ] as const) {
    const folder = tempFolder(scope)
    chmodSync(folder, before)
    const server = await startControlServer({
      path: path.join(folder, 'control.sock'),
      api: fakeApi([]),
      logger: silentLogger,
    })
    scope.defer(() => server.close())
    assert.is(statSync(folder).mode & 0o777, after)
  }
})

test('secrets are not noted, however deep they lie; what is long is cut', () => {
  const told = auditArguments({ force: '1' }, { key: SECRET, deep: { token: SECRET, list: [{ secret: SECRET }] } })
  assert.is(told, '{"force":"1"} {"key":"…","deep":{"token":"…","list":[{"secret":"…"}]}}')
  assert.is(auditArguments({}, undefined, null), '')
  assert.ok(auditArguments({ a: 'x'.repeat(9_999) }).length < 300)
  assert.ok(auditArguments(Array(9_999).fill(1)).length <= 1_001)
})

test('what changes something is worth noting, and what tells a secret', () => {
  const worth = [
    ['POST', '/v1/stop'],
    ['PUT', '/v1/services/web'],
    ['DELETE', '/v1/keys/ab'],
    ['GET', '/v1/keys/secrets'],
    ['GET', '/v1/keys/token'],
  ] as const
  for (const [method, at] of worth) assert.ok(isWorthAudit(method, at), at)
  for (const at of ['/v1/status', '/metrics', '/v1/keys', '/v1/audit']) assert.not(isWorthAudit('GET', at))
})

test('the file is bounded, what is damaged in it is passed over, and a full disk is told once', (scope) => {
  const folder = tempFolder(scope)
  const file = path.join(folder, 'audit.log')
  const failed: string[] = []
  const audit = new AuditFile(file, { log: (_level, event) => void (event !== 'audit' && failed.push(event)) }, 1_000)
  const record = { at: '2026-01-01T00:00:00Z', command: 'POST /v1/stop', arguments: '', result: 'ok' }
  for (let i = 0; i < 100; i++) audit.write({ ...record, arguments: `${i}` })
  assert.ok(statSync(file).size + statSync(`${file}.1`).size < 2_400)
  const { records, isCut } = audit.read(3)
  assert.equal([records.map((one) => one.arguments), isCut], [['97', '98', '99'], true])
  writeFileSync(file, `${readFileSync(file, 'utf8')}\nnull\n{"at":7}\n{\n"x"\n`)
  assert.equal(audit.read(1).records[0]?.arguments, '99')
  assert.equal(auditOf([parseAudit('')], 5), { records: [], isCut: false })
  const other = new AuditFile('/proc/nowhere/audit.log', { log: (_level, event) => void failed.push(event) })
  for (let i = 0; i < 3; i++) other.write(record)
  assert.equal(failed, ['audit', 'audit-not-written', 'audit', 'audit'])
  chmodSync(folder, 0o700)
})

test.run()
