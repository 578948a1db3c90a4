import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { Prng } from '../../src/base/prng.js'
import { elfSymbols } from '../../src/trunk/elf-symbols.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('trunk/elf-symbols')

const manifest = createRequire(import.meta.url).resolve('sodium-native/package.json')
/** Whatever this test runs on: both are files of the package. */
const fileOf = (platform: string) => {
  return readFileSync(path.join(path.dirname(manifest), 'prebuilds', platform, 'sodium-native.node'))
}
const NAMES = ['crypto_aead_aegis128l_encrypt', 'napi_register_module_v1', 'no_such_function']

for (const platform of ['linux-x64', 'linux-arm64']) {
  test(`${platform}: what the library defines is found, what it does not is not`, () => {
    const symbols = elfSymbols(fileOf(platform), NAMES)
    assert.equal([...symbols.keys()].sort(), NAMES.slice(0, 2))
    for (const value of symbols.values()) assert.ok(value > 0n && value < 2n ** 24n)
  })
}

test('a file of another kind, a part of one, and a damaged one have none, or some, and nothing is thrown', () => {
  const file = fileOf('linux-x64')
  assert.is(elfSymbols(fileOf('darwin-x64'), NAMES).size, 0)
  assert.is(elfSymbols(new Uint8Array(0), NAMES).size, 0)
  const random = new Prng(1)
  for (let round = 0; round < 20; round++) {
    elfSymbols(file.subarray(0, random.below(file.byteLength)), NAMES)
    const damaged = Uint8Array.from(file)
    for (let i = 0; i < 20; i++) damaged[random.below(64)] = random.below(256)
    elfSymbols(damaged, NAMES)
  }
})

test('names without an end are not looked for through the whole file, once for each of its symbols', () => {
  const half = 2 ** 20
  const file = new Uint8Array(2 * half).fill(1, half)
  const view = new DataView(file.buffer)
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1])
  view.setBigUint64(0x28, 64n, true)
  view.setUint16(0x3a, 64, true)
  view.setUint16(0x3c, 2, true)
  // Where the names are, and a table of symbols: the rest of the lower half, all zeros.
  view.setBigUint64(64 + 24, BigInt(half), true)
  view.setUint32(128 + 4, 2, true)
  view.setBigUint64(128 + 24, 1_024n, true)
  view.setBigUint64(128 + 32, BigInt(half - 2_048), true)
  const start = performance.now()
  assert.is(elfSymbols(file, NAMES).size, 0)
  assert.ok(performance.now() - start < 5_000)
})

test.run()
