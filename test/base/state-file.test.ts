import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

import { BatonError } from '../../src/base/errors.js'
import { Prng } from '../../src/base/prng.js'
import { loadStateFile, saveStateFile } from '../../src/base/state-file.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'

const test = suite('base/state-file')
const FORMAT = 'baton-test'
const BODY = { b: [1, 'two', null, { deep: true }], '7': -0.5, ä: 'ü\u0000\ud800' }

function fileIn(scope: Scope): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-state-'))
  scope.defer(() => rmSync(folder, { recursive: true }))
  return path.join(folder, 'test.json')
}

function errorOf(action: () => unknown): BatonError {
  try {
    action()
  } catch (error) {
    if (error instanceof BatonError) return error
    throw error
  }
  throw new Error('no error was thrown')
}

test('what is saved is loaded again', (scope) => {
  const file = fileIn(scope)
  saveStateFile(file, FORMAT, 2, BODY)
  assert.equal(loadStateFile(file, FORMAT, 3), { version: 2, body: BODY })
})

test('a missing file is no error', (scope) => {
  assert.is(loadStateFile(fileIn(scope), FORMAT, 1), undefined)
})

test('only the owner may read it, and nothing is left beside it', (scope) => {
  const file = fileIn(scope)
  writeFileSync(`${file}.tmp`, 'left by a crash', { mode: 0o644 })
  saveStateFile(file, FORMAT, 1, BODY)
  assert.is(statSync(file).mode & 0o777, 0o600)
  assert.equal(readdirSync(path.dirname(file)), ['test.json'])
})

test('a newer version is named, with the way out', (scope) => {
  const file = fileIn(scope)
  saveStateFile(file, FORMAT, 9, BODY)
  const error = errorOf(() => loadStateFile(file, FORMAT, 8))
  assert.is(error.code, 'ERR_STATE_NEWER')
  assert.match(error.message, /version is 9, this release reads up to 8/)
  assert.ok(error.message.includes(file) && error.hint?.includes(file))
})

test('the file of another kind is refused', (scope) => {
  const file = fileIn(scope)
  saveStateFile(file, 'baton-other', 1, BODY)
  assert.match(errorOf(() => loadStateFile(file, FORMAT, 1)).message, /not a 'baton-test' file/)
})

test('every cut and every changed character is found', (scope) => {
  const file = fileIn(scope)
  saveStateFile(file, FORMAT, 1, { votes: { web: [7, 'abc'] } })
  const text = readFileSync(file, 'utf8').trimEnd()
  const random = new Prng(1)
  for (let at = 0; at < text.length; at++) {
    for (const damaged of [text.slice(0, at), text.slice(0, at) + random.below(10) + text.slice(at + 1)]) {
      if (damaged === text) continue
      writeFileSync(file, damaged)
      // A character of the layout may be harmless; content never comes back changed.
      try {
        assert.equal(loadStateFile(file, FORMAT, 1)?.body, { votes: { web: [7, 'abc'] } })
      } catch (error) {
        if (!(error instanceof BatonError)) throw error
        assert.match(error.code, /^ERR_STATE_(DAMAGED|NEWER)$/)
        assert.ok(error.message.includes(file) && error.hint?.includes(file))
      }
    }
  }
})

test('a file that cannot be written gives a clear error and keeps the old document', (scope) => {
  const file = fileIn(scope)
  saveStateFile(file, FORMAT, 1, 'old')
  // In the way even of root, whom no mode stops.
  mkdirSync(`${file}.tmp`)
  const error = errorOf(() => saveStateFile(file, FORMAT, 1, 'new'))
  assert.is(error.code, 'ERR_STATE_UNWRITABLE')
  assert.ok(error.message.includes(file))
  assert.is(loadStateFile(file, FORMAT, 1)?.body, 'old')
})

test.run()
