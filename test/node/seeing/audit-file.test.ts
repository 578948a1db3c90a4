/** What is kept of what was done, and of what was denied. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { silentLogger } from '../../../src/base/log.js'
import { type AuditRecord, auditArguments, DENIED } from '../../../src/node/seeing/audit.js'
import { AuditFile } from '../../../src/node/seeing/audit-file.io.js'
import { DeniedRecords } from '../../../src/node/seeing/denied-records.js'
import { tempFolder } from '../../cli/fake-node.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('node/seeing/audit-file')

function record(second: number, result: string, uid = 1): AuditRecord {
  return { at: `2026-01-01T00:00:0${second}.000Z`, uid, command: 'POST /v1/x', arguments: 'a'.repeat(900), result }
}

test('who may only look cannot push out what was done, however much it tries', (scope) => {
  const file = path.join(tempFolder(scope), 'audit.log')
  const logged: unknown[] = []
  const audit = new AuditFile(file, { ...silentLogger, log: (_level, event) => void logged.push(event) }, 10_000)
  audit.write(record(1, 'ok'))
  for (let i = 0; i < 5_000; i++) audit.write(record(2, DENIED))
  for (let user = 2; user < 300; user++) audit.write(record(3, DENIED, user))
  const { records } = audit.read(10_000)
  assert.equal(
    records.filter(({ result }) => result === 'ok'),
    [record(1, 'ok')],
  )
  assert.ok(records.length > 10 && records.length < 80, `${records.length} records`)
  assert.ok(logged.length < 80, `${logged.length} lines in the log`)
  assert.is(readFileSync(file, 'utf8').split('\n').length, 2)
})

test('how many came between is told with the next', () => {
  const tries = new DeniedRecords()
  assert.is(tries.pass(record(1, DENIED), 0)?.heldBack, undefined)
  for (let i = 0; i < 7; i++) assert.is(tries.pass(record(1, DENIED), 9_999), undefined)
  assert.is(tries.pass(record(1, DENIED, 2), 9_999)?.uid, 2, 'others are told of')
  assert.is(tries.pass(record(1, DENIED), 10_000)?.heldBack, 7)
})

test('what was done is not merged, and both come in the order of their times', (scope) => {
  const audit = new AuditFile(path.join(tempFolder(scope), 'audit.log'), silentLogger)
  for (const one of [record(3, 'ok'), record(2, DENIED), record(4, 'ok'), record(5, 'ok')]) audit.write(one)
  const { records, isCut } = audit.read(3)
  assert.equal(
    records.map(({ at, result }) => [at.slice(17, 19), result]),
    [
      ['03', 'ok'],
      ['04', 'ok'],
      ['05', 'ok'],
    ],
  )
  assert.ok(isCut)
})

test('keys and tokens are not kept, wherever they stand', () => {
  const key = `baton-key-1-${'abc234'.repeat(9)}`
  const told = auditArguments({ node: key, Key: key.toUpperCase() }, [`x ${key}`], `baton-token-2-${'z7'.repeat(40)}`)
  assert.not.match(told, /abc234|ABC234|z7z7/)
  assert.match(told, 'baton-token-…')
})

test.run()
