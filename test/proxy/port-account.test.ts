import { PortAccount } from '../../src/proxy/port-account.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('proxy/port-account')
const FROM = '10.0.0.100'
const to = (address: string) => ({ address, port: 443 })

test('nine tenths of the ports are given for one destination, by all lanes together, and no more', () => {
  const memory = PortAccount.bytes(2)
  const lanes = [0, 1].map((lane) => new PortAccount(memory, lane, 2, 20))
  const [first, second] = lanes as [PortAccount, PortAccount]
  assert.is(first.limit, 18)
  for (let i = 0; i < 18; i++) assert.ok(lanes[i % 2]?.take(FROM, to('192.0.2.1')))
  assert.not(first.take(FROM, to('192.0.2.1')))
  assert.not(second.take(FROM, to('192.0.2.1')))
  assert.ok(second.take(FROM, to('192.0.2.2')), 'another destination has its own')
  assert.ok(second.take('10.0.0.101', to('192.0.2.1')), 'and so has another address')
  assert.equal(second.fullest(FROM), { to: '192.0.2.1:443', ports: 18 })
  first.give(FROM, to('192.0.2.1'))
  assert.ok(second.take(FROM, to('192.0.2.1')))
})

test('what another director has made is counted, beyond the limit as well', () => {
  const account = new PortAccount(PortAccount.bytes(1), 0, 1, 2)
  for (let i = 0; i < 3; i++) account.add(FROM, to('192.0.2.1'))
  assert.equal(account.fullest(FROM), { to: '192.0.2.1:443', ports: 3 })
  assert.not(account.take(FROM, to('192.0.2.1')))
  for (let i = 0; i < 3; i++) account.give(FROM, to('192.0.2.1'))
  assert.is(account.fullest(FROM), undefined)
  assert.ok(account.take(FROM, to('192.0.2.1')))
})

test('a lane that takes the place of one that died begins with nothing', () => {
  const memory = PortAccount.bytes(2)
  const [first, second] = [0, 1].map((lane) => new PortAccount(memory, lane, 2, 2)) as [PortAccount, PortAccount]
  assert.ok(first.take(FROM, to('192.0.2.1')))
  assert.not(second.take(FROM, to('192.0.2.1')))
  new PortAccount(memory, 0, 2, 2)
  assert.ok(second.take(FROM, to('192.0.2.1')))
})

test.run()
