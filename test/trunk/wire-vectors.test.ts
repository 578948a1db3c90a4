import { readFileSync } from 'node:fs'
import { toHex } from '../../src/base/bytes.js'
import { formatClusterKey } from '../../src/trunk/cluster-key.js'
import { assert, suite } from '../harness/suite.js'
import { vectors } from './vectors.js'

const test = suite('trunk/wire-vectors')
const page = readFileSync(new URL('../../docs/wire-trunk.md', import.meta.url), 'utf8')

/** `name  hex` lines of the page. */
function shown(name: string): string | undefined {
  return new RegExp(`^${name} +(\\S+)$`, 'm').exec(page)?.[1]
}

for (const [name, bytes] of Object.entries(vectors())) {
  test(`the documentation shows ${name} as it is sent`, () => assert.is(shown(name), toHex(bytes)))
}

test('the documentation shows the text of a cluster key', () => {
  assert.is(shown('cluster-key'), formatClusterKey(Uint8Array.from({ length: 32 }, (_, i) => i)))
})

test.run()
