import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { readHosts, writeHosts } from '../../src/lab/demo-hosts.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'

const test = suite('lab/demo-hosts')
const HOST = { name: 'a', address: '10.77.0.1', enter: ['nsenter'] }

function temporary(scope: Scope): { parent: string; demo: (name: string) => string } {
  const parent = mkdtempSync(path.join(os.tmpdir(), 'baton-hosts-'))
  scope.defer(() => rmSync(parent, { recursive: true, force: true }))
  return {
    parent,
    demo: (name) => {
      const folder = path.join(parent, `baton-demo-${name}`)
      mkdirSync(folder, { mode: 0o700 })
      return folder
    },
  }
}

test('the hosts of the demo that was started last, of those that run', (scope) => {
  const { parent, demo } = temporary(scope)
  writeHosts(demo('x'), [HOST])
  writeFileSync(path.join(demo('dead'), 'hosts.json'), JSON.stringify({ pid: 2 ** 30, startedAt: 9e15, hosts: [] }))
  assert.equal(readHosts(parent), [HOST])
})

test('a folder that others may write into names no host: its commands would be run', (scope) => {
  const { parent, demo } = temporary(scope)
  const folder = demo('open')
  writeHosts(folder, [HOST])
  chmodSync(folder, 0o777)
  assert.throws(() => readHosts(parent), 'no demo of yours')
})

test(
  "nor does another user's",
  (scope) => {
    const { parent, demo } = temporary(scope)
    const folder = demo('theirs')
    writeHosts(folder, [HOST])
    chownSync(folder, 65_534, 65_534)
    assert.throws(() => readHosts(parent), 'no demo of yours')
    assert.ok(existsSync(folder))
  },
  { root: true },
)

test.run()
