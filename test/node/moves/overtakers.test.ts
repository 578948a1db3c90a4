import { LASTING_LOOKS, Overtakers } from '../../../src/node/moves/overtakers.js'
import { assert, suite } from '../../harness/suite.js'
import { Room } from '../address-room.js'

const test = suite('node/moves/overtakers')

test('who comes first is told when that has lasted, once, and shown for as long as it is so', () => {
  const logged: unknown[] = []
  const overtakers = new Overtakers({ log: (_level, event, fields = {}) => void logged.push([event, fields]) })
  const look = (...programs: string[]) =>
    overtakers.follow([
      { name: 'eth0', programs },
      { name: 'eth1', programs: [] },
    ])
  for (let i = 1; i < LASTING_LOOKS; i++) look('program 7 (other)')
  assert.equal([overtakers.overtaken, logged], [undefined, []], 'it may be another process of this node')
  look()
  for (let i = 1; i < LASTING_LOOKS; i++) look('program 7 (other)')
  assert.is(overtakers.overtaken, undefined, 'it is counted anew')
  for (let i = 0; i < 3; i++) look('program 7 (other)')
  assert.is(overtakers.overtaken, 'program 7 (other) on eth0')
  assert.equal(logged, [['overtaken', { interface: 'eth0', by: 'program 7 (other)' }]])
  look()
  assert.is(overtakers.overtaken, undefined)
})

test('that programs of others come first on an interface is a warning for as long as it is so', (scope) => {
  const room = new Room(scope)
  assert.equal(room.addresses.warnings, [])
  room.claim()
  assert.equal(room.addresses.warnings, [])
  room.network.overtaken = 'program 7 (other) on eth0'
  assert.match(room.addresses.warnings.join(), /^program 7 \(other\) on eth0 comes before the programs of this node: /)
})

test.run()
