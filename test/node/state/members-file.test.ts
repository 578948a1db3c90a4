import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { silentLogger } from '../../../src/base/log.js'
import { realClock } from '../../../src/base/real-clock.io.js'
import { MembersFile } from '../../../src/node/state/members-file.io.js'
import { assert, type Scope, suite } from '../../harness/suite.js'

const test = suite('node/state/members-file')
const at = (host: number) => ({ address: `10.0.0.${host}`, port: 7440 })

function fileIn(scope: Scope): () => MembersFile {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-members-'))
  scope.defer(() => rmSync(folder, { recursive: true }))
  return () => new MembersFile(path.join(folder, 'members.json'), realClock(), silentLogger)
}

test('who was known once stays known, though a later start met only others', (scope) => {
  const open = fileIn(scope)
  const first = open()
  first.remember([at(1), at(2)])
  first.save()
  const second = open()
  second.load()
  second.remember([at(3)])
  second.save()
  assert.equal(open().load(), [at(3), at(1), at(2)])
})

test('who met nobody forgets nobody', (scope) => {
  const open = fileIn(scope)
  const first = open()
  first.remember([at(1)])
  first.save()
  const second = open()
  second.load()
  second.remember([])
  second.save()
  assert.equal(open().load(), [at(1)])
})

test.run()
