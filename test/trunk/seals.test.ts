import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { loadSeals, seals } from '../../src/trunk/seals.io.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('trunk/seals')

test('a package that is replaced on disk takes no suite from a process that has loaded it', (scope) => {
  loadSeals()
  const { readFileSync } = fs
  scope.defer(() => {
    fs.readFileSync = readFileSync
    syncBuiltinESMExports()
  })
  fs.readFileSync = () => {
    throw new Error('it is another one now')
  }
  syncBuiltinESMExports()
  for (const name of ['secretstream', 'aes-256-gcm', 'aegis-128l'] as const) {
    const { sealer } = seals.sealer(name, new Uint8Array(32))
    assert.ok(sealer.seal(Uint8Array.of(1), new Uint8Array(64)) > 1)
    sealer.close()
  }
})

test.run()
