import { cgroupRoot } from '../../../src/node/outward/cgroup-root.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('node/outward/cgroup-root')

test('the first file system of cgroups of version 2, wherever it is', () => {
  const v1 = '31 24 0:27 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu'
  const v2 = '32 24 0:28 / /sys/fs/cgroup/unified rw,relatime shared:10 - cgroup2 cgroup2 rw'
  assert.is(cgroupRoot(`${v1}\n${v2}\n`), '/sys/fs/cgroup/unified')
  assert.is(cgroupRoot('32 24 0:28 / /a\\040b rw - cgroup2 none rw'), '/a b')
  assert.is(cgroupRoot(`${v1}\n`), undefined)
  assert.is(cgroupRoot('nonsense'), undefined)
})

test.run()
