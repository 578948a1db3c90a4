import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

import { BatonError } from '../../src/base/errors.js'
import { Prng } from '../../src/base/prng.js'
import { saveStateFile } from '../../src/base/state-file.io.js'
import { Registry } from '../../src/gossip/registry.js'
import { loadRegistry, saveRegistry } from '../../src/gossip/registry-file.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { nodeId, randomHistory, WALL } from './knowledge.js'

const test = suite('gossip/registry-file')

function fileIn(scope: Scope): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-registry-'))
  scope.defer(() => rmSync(folder, { recursive: true }))
  return path.join(folder, 'registry.json')
}

test('a restart gives the same registry, tombstones included', (scope) => {
  const file = fileIn(scope)
  const before = new Registry(nodeId(1))
  for (const delta of randomHistory(new Prng(3), 30)) before.merge(delta, WALL)
  saveRegistry(file, before.state())
  const after = new Registry(nodeId(1))
  assert.equal(after.merge(loadRegistry(file), WALL).ignored, [])
  assert.equal(after.state(), before.state())
})

test('the first start finds nothing', (scope) => {
  assert.equal(loadRegistry(fileIn(scope)), [])
})

test('a sound file with a body of another shape is damaged', (scope) => {
  const file = fileIn(scope)
  const bodies: unknown[] = [
    null,
    [],
    {},
    { entries: {} },
    { entries: [null] },
    { entries: [{ name: 1, fields: {} }] },
    { entries: [{ name: 'a' }] },
    { entries: [{ name: 'a', removed: 'never', fields: {} }] },
    { entries: [{ name: 'a', fields: { x: 1 } }] },
    { entries: [{ name: 'a', fields: { x: [[], `1.0@${nodeId(1)}`] } }] },
    { entries: [{ name: 'a', fields: { x: [1, 'yesterday'] } }] },
  ]
  for (const body of bodies) {
    saveStateFile(file, 'baton-registry', 1, body)
    try {
      loadRegistry(file)
      assert.unreachable(JSON.stringify(body))
    } catch (error) {
      if (!(error instanceof BatonError)) throw error
      assert.is(error.code, 'ERR_STATE_DAMAGED')
    }
  }
})

test.run()
