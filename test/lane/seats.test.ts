import { Seats } from '../../src/lane/seats.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('lane/seats')
const [A, B] = ['a'.repeat(32), 'b'.repeat(32)] as const

test('all who listen are known, with what is said of them; a port of which nobody takes connections is still served', () => {
  const seats = new Seats(A)
  const told = [
    { node: A, name: 'a', port: 80, state: 'healthy', weight: 3 },
    { node: B, name: 'b', port: 80, state: 'unhealthy' },
    { node: B, name: 'b', port: 81, state: 'draining' },
  ] as const
  seats.set({ type: 'backends', service: 'web', seats: told, quorate: false, cells: [['', 0]] })
  assert.equal(
    seats.candidates('web', 80).map(({ name, local, weight, state }) => [name, local, weight, state]),
    [
      ['a', true, 3, 'healthy'],
      ['b', false, undefined, 'unhealthy'],
    ],
  )
  assert.equal([seats.ports('web'), seats.of('web').quorate, seats.of('web').cells], [[80, 81], false, [['', 0]]])
  assert.is(seats.candidates('web', 80), seats.candidates('web', 80), 'the same array while nothing changes')
  assert.equal([seats.candidates('db', 80), seats.of('db').quorate], [[], true])
  seats.keepOnly(new Map())
  assert.equal(seats.ports('web'), [])
})

test.run()
