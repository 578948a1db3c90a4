import { readdirSync, readFileSync } from 'node:fs'
import { steeringCapability } from '../../../src/kernel/bpf/steering-capability.io.js'
import { cgroupRoot } from '../../../src/node/outward/cgroup-root.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('kernel/bpf/steering-capability')

test(
  'what can be had is tried, and nothing of that stays',
  () => {
    const root = cgroupRoot(readFileSync('/proc/self/mountinfo', 'utf8')) ?? ''
    assert.equal(steeringCapability(root), { cgroups: '', runAs: '', outAlias: '' })
    const left = readdirSync(root).filter((name) => name === `baton-doctor-${process.pid}`)
    assert.equal(left, [])
  },
  { root: true },
)

test('where nothing can be had it says why', () => {
  const { cgroups, runAs, outAlias } = steeringCapability('/proc/self')
  assert.is(cgroups, 'ENOENT')
  assert.match(runAs, /^the kernel/)
  assert.is(outAlias, runAs)
})

test.run()
