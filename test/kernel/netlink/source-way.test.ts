import { toHex } from '../../../src/base/bytes.js'
import { everythingIsHere, ruleRequest } from '../../../src/kernel/source-way.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('kernel/netlink, source-way')

/** type 6 priority, 10 mark, 16 mask, 15 table: each u32 behind a length of 8. */
const RULE = '0800060007000000' + '08000a00b7000000' + '08001000ffffffff' + '08000f0070ba0000'

test('the rule is that of `ip rule add fwmark 0xb7 lookup 47728 pref 7`', () => {
  assert.is(toHex(ruleRequest(2)), `020000000000000100000000${RULE}`)
  assert.is(toHex(ruleRequest(10)), `0a0000000000000100000000${RULE}`)
})

test('the route is that of `ip route add local default dev lo table 47728`', () => {
  assert.is(toHex(everythingIsHere(2)), `020000000004fe0200000000${'08000f0070ba0000'}${'0800040001000000'}`)
})

test.run()
