import { LaneMemory } from '../../../src/node/lanes/lane-memory.js'
import { Rollcall } from '../../../src/node/lanes/rollcall.js'
import type { ToLane } from '../../../src/proxy/lane-protocol.js'
import type { Service } from '../../../src/proxy/service.js'
import { assert, suite } from '../../harness/suite.js'
import { A, service } from '../sample.js'

const test = suite('node/lanes/lane-memory')
const WEB: Service = { ...service('web', 80), address: '10.0.0.100' }
const MAIL: Service = { ...service('mail', 25), address: '10.0.0.101' }
const TERM = { number: 3, holder: A }
const direct = (name: string, given = true): ToLane => ({
  type: 'direct',
  service: name,
  term: TERM,
  slot: 1,
  given,
  members: ['old'],
})
const letGo = (name: string): ToLane => ({ type: 'let-go', service: name, term: TERM })

function told(...messages: readonly ToLane[]): LaneMemory {
  const memory = new LaneMemory()
  memory.note({ type: 'services', services: [WEB, MAIL] })
  for (const message of messages) memory.note(message)
  return memory
}

test('a lane that takes another’s place hears all that holds, fences among it, and then what it directs', () => {
  const memory = told(
    { type: 'backends', service: 'web', seats: [] },
    { type: 'backends', service: 'gone', seats: [] },
    { type: 'local-listeners', listeners: [] },
    direct('web'),
    letGo('web'),
    direct('mail'),
  )
  memory.note({ type: 'services', services: [WEB, MAIL] })
  memory.obeyed('10.0.0.100', { number: 2, holder: 'b' })
  memory.obeyed('10.0.0.100', TERM)
  memory.obeyed('10.0.0.100', { number: 1, holder: 'c' })
  assert.equal(
    memory.truths().map(({ type }) => type),
    ['services', 'backends', 'local-listeners', 'obey'],
  )
  assert.equal(memory.truths().at(-1), { type: 'obey', contest: '10.0.0.100', term: TERM })
  assert.equal(
    memory.duties(['x', 'y']).map((duty) => [duty.type, 'members' in duty ? duty.members : undefined]),
    [
      ['direct', ['x', 'y']],
      ['let-go', undefined],
      ['direct', ['x', 'y']],
    ],
  )
})

test('clients of an address that is here are kept; of one that is not, or no more, they are not told', () => {
  const memory = told(direct('web'))
  const fate = (address: string) => memory.fateOf({ address, port: 80 })
  assert.equal([fate('10.0.0.100'), fate('10.0.0.1')], ['silence', undefined])
  memory.note(letGo('web'))
  assert.is(fate('10.0.0.100'), 'keep')
  memory.note({ type: 'move-out', service: 'web', term: TERM })
  assert.equal([fate('10.0.0.100'), memory.duties([])], ['silence', []])
  memory.note(direct('web'))
  assert.is(fate('10.0.0.100'), 'silence', 'taken anew, and not here yet')
})

test('listening sockets that a lane has opened cannot be handed on', () => {
  assert.is(told(direct('web')).obstacle, undefined)
  assert.match(told(direct('web'), direct('mail', false)).obstacle ?? '', /^mail has/)
})

test('a question to all lanes: answered by the last of them, also where one has died', () => {
  const calls = new Rollcall<string>()
  calls.ask('one', 2, 'yes')
  calls.ask('other', 2, 'no')
  assert.is(calls.answered('one', 0), false)
  assert.equal([calls.owedBy(0), calls.owedBy(1)], [['no'], ['yes', 'no']])
  assert.is(calls.answered('one', 0), false, 'twice by the same')
  assert.is(calls.answered('one', 1), true)
  assert.equal([calls.owedBy(1), calls.answered('one', 1)], [['no'], false], 'again, by one that came later')
})

test.run()
