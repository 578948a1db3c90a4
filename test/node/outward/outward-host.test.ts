import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { localPortRange, Names } from '../../../src/node/outward/outward-host.io.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('node/outward/outward-host')

test('two names at a time, in the order in which they came; too many are not asked for', () => {
  const asked: { readonly host: string; readonly answer: (addresses: readonly string[]) => void }[] = []
  const names = new Names((host, answer) => void asked.push({ host, answer }))
  const told: string[] = []
  const ask = (host: string) => names.addressesOf(host, (found) => told.push(`${host}: ${found.join()}`))
  for (const host of ['a', 'b', 'c']) ask(host)
  assert.equal(
    asked.map(({ host }) => host),
    ['a', 'b'],
  )
  asked[1]?.answer(['192.0.2.1'])
  assert.equal(told, ['b: 192.0.2.1'])
  assert.is(asked[2]?.host, 'c')
  for (let i = 0; i < 1_024; i++) ask('more')
  ask('too many')
  assert.is(told.at(-1), 'too many: ')
})

test('names of this host, and none that cannot be', async () => {
  const names = new Names()
  const of = (host: string) => new Promise<readonly string[]>((resolve) => names.addressesOf(host, resolve))
  assert.ok((await of('localhost')).some((address) => ['127.0.0.1', '::1'].includes(address)))
  assert.equal(await of('does-not-exist.invalid'), [])
})

test('the range of source ports; Linux’s own where it cannot be read', (scope) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-range-'))
  scope.defer(() => rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'range')
  writeFileSync(file, '32768\t60999\n')
  assert.is(localPortRange(file), 28_232)
  writeFileSync(file, '1024 1024')
  assert.is(localPortRange(file), 1)
  writeFileSync(file, 'nonsense')
  assert.is(localPortRange(file), 28_232)
  assert.is(localPortRange(path.join(folder, 'nowhere')), 28_232)
})

test.run()
