import { placesFor } from '../../src/address/places.js'
import { assert, suite } from '../harness/suite.js'
import { card } from './cards.js'

const test = suite('address/places')
const names = (address: string, named: readonly string[], ...cards: ReturnType<typeof card>[]) => {
  return placesFor(address, named, cards).map(({ name }) => name)
}

test('an address is told of where a subnet has it, of each family', () => {
  const cards = [card(1, ['10.0.0.1/24', 'fd00::1/64']), card(2, ['10.1.0.1/16', 'fd00:0:0:1::1/64'])]
  assert.equal(names('10.0.0.100', [], ...cards), ['eth1'])
  assert.equal(names('10.1.200.1', [], ...cards), ['eth2'])
  assert.equal(names('fd00::1:2', [], ...cards), ['eth1'])
  assert.equal(names('fd00:0:0:1::9', [], ...cards), ['eth2'])
  assert.equal(names('10.0.1.1', [], ...cards), [])
  assert.equal(names('192.0.2.1', [], card(1, ['0.0.0.0/0'])), ['eth1'])
})

test('of two interfaces on one LAN the one speaks by which the host reaches it', () => {
  assert.equal(names('10.0.0.100', [], card(2, ['10.0.0.2/24']), card(1, ['10.0.0.1/24'])), ['eth1'])
  assert.equal(names('10.0.0.100', [], { ...card(1, ['10.0.0.1/24']), isUsable: false }, card(2, ['10.0.0.2/24'])), [
    'eth2',
  ])
})

test('interfaces that are named speak whatever their subnets are, if they can', () => {
  const cards = [card(1, ['10.0.0.1/24']), card(2, [])]
  assert.equal(names('192.0.2.1', ['eth2'], ...cards), ['eth2'])
  assert.equal(names('10.0.0.100', ['eth2', 'eth9'], ...cards), ['eth2'])
  assert.equal(names('10.0.0.100', ['eth2'], { ...card(2, []), isUsable: false }), [])
})

test.run()
