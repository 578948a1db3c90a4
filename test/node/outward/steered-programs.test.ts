/** What cgroups a node keeps, on a folder that is none of the kernel's. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { SteeredPrograms } from '../../../src/node/outward/steered-programs.io.js'
import type { Service } from '../../../src/proxy/service.js'
import { assert, type Scope, suite } from '../../harness/suite.js'
import { A, service } from '../sample.js'

const test = suite('node/outward/steered-programs')

const OUT: Service = { ...service('web', 80), address: '192.0.2.9', outward: 1_080, outwardTo: 'any' }

function room(scope: Scope) {
  const root = mkdtempSync(path.join(os.tmpdir(), 'baton-cgroups-'))
  scope.defer(() => rmSync(root, { recursive: true, force: true }))
  const folder = path.join(root, `baton-${A.slice(0, 12)}`)
  const programs = new SteeredPrograms(A, { log: () => {} }, () => `1 1 0:1 / ${root} rw - cgroup2 cgroup2 rw\n`)
  const follow = (...services: Service[]) => {
    programs.follow(services, () => {})
    for (const { name } of services) programs.onDoor({ type: 'steer-door', service: name, port: 40_000 }, () => {})
  }
  const left = () => (existsSync(folder) ? readdirSync(folder).sort() : undefined)
  return { root, folder, programs, follow, left }
}

test('the cgroup of a service goes with it, and the node’s with the last; at an orderly end too', (scope) => {
  const { programs, follow, left } = room(scope)
  follow(OUT, { ...OUT, name: 'other' })
  assert.equal(left(), ['other', 'web'])
  follow(OUT, { ...OUT, name: 'other', outward: 0 })
  assert.equal(left(), ['web'], 'it makes no connections any more')
  follow()
  assert.is(left(), undefined)
  follow(OUT)
  programs.close()
  assert.is(left(), undefined)
})

test('what a killed process of the node has left is swept away by the next; not where programs run, and not of other nodes', (scope) => {
  const { root, folder, programs, follow, left } = room(scope)
  for (const name of ['gone', 'busy']) mkdirSync(path.join(folder, name), { recursive: true })
  writeFileSync(path.join(folder, 'busy', 'a program'), '')
  mkdirSync(path.join(root, 'baton-other', 'gone'), { recursive: true })
  follow(OUT)
  assert.equal(left(), ['busy', 'web'])
  programs.close()
  assert.equal(left(), ['busy'])
  assert.ok(existsSync(path.join(root, 'baton-other', 'gone')))
})

test('a process that was to replace another, and could not begin, leaves that one’s alone', (scope) => {
  const { folder, programs, left } = room(scope)
  mkdirSync(path.join(folder, 'web'), { recursive: true })
  programs.close()
  assert.equal(left(), ['web'])
})

test.run()
