/** What lanes hear of who serves: what operators have said of nodes, loads, quorum, and where connections are counted. */

import { Knowledge } from '../../../src/node/knowledge.js'
import { encodeNodeFacts } from '../../../src/node/node-facts.js'
import { Assignments, assignmentKey } from '../../../src/node/programs/assignments.js'
import { BackendNews } from '../../../src/node/programs/backend-news.js'
import { BackendStates } from '../../../src/node/programs/backend-states.js'
import { Quorums } from '../../../src/node/programs/quorums.js'
import type { ToLane } from '../../../src/proxy/lane-protocol.js'
import { encodeListeners } from '../../../src/proxy/listener-codec.js'
import type { Service } from '../../../src/proxy/service.js'
import type { ServiceFields } from '../../../src/proxy/service-fields.js'
import { assert, suite } from '../../harness/suite.js'
import { A, B, C, facts, listener, member, service } from '../sample.js'

const test = suite('node/programs/backend-news')
type Told = Extract<ToLane, { type: 'backends' }>

class Room {
  readonly knowledge = new Knowledge(A)
  readonly told: Told[] = []
  readonly quorums: [string, boolean, number][] = []
  /** Put off to the end of the turn. */
  readonly later: (() => void)[] = []
  ending: readonly string[] = []
  readonly endings: (readonly string[])[] = []
  readonly news: BackendNews

  constructor(settings: Partial<Service> = {}) {
    this.knowledge.setMembers([member(A), member(B), member(C)])
    this.knowledge.setServices({ active: [service('web', 80, settings)], shadowed: [], unreadable: [] })
    for (const node of [A, B, C]) this.knowledge.setFacts(node, facts([80]))
    const later = (run: () => void) => this.later.push(run)
    const toLane = (message: ToLane) => {
      if (message.type === 'backends') this.told.push(message)
      if (message.type === 'local-listeners') this.endings.push(message.ending ?? [])
    }
    const states = new BackendStates(this.knowledge, { of: () => undefined })
    this.news = new BackendNews(
      this.knowledge,
      states,
      () => false,
      () => this.ending,
      later,
      toLane,
      new Quorums(() => true, { now: () => 0 }),
      {
        onPorts: () => {},
        onQuorum: ({ name }, { quorate, able }) => this.quorums.push([name, quorate, able]),
      },
    )
    this.news.tell()
  }

  assign(...said: (readonly [node: string, fields: ServiceFields])[]): Told | undefined {
    this.knowledge.assignments = Assignments.fromRegistry(
      said.map(([node, fields]) => [assignmentKey('web', node), fields]),
    )
    return this.tell()
  }

  /** What is new, if anything is. */
  tell(): Told | undefined {
    this.told.length = 0
    this.news.tell()
    return this.told[0]
  }

  load(node: string, loadPermille: number): Told | undefined {
    const listeners = encodeListeners([listener(80)])
    this.knowledge.setFacts(node, encodeNodeFacts({ listeners, serving: [], health: [], hosting: [], loadPermille }))
    return this.tell()
  }
}

function seatsOf(told: Told | undefined): string {
  return (told?.seats ?? []).map(({ name, priority, weight }) => `${name.slice(-1)}${priority}/${weight}`).join(' ')
}

test('a program that is being stopped is told of, once', () => {
  const room = new Room()
  room.ending = ['web']
  room.tell()
  room.tell()
  room.ending = []
  room.tell()
  assert.equal(room.endings, [[], ['web'], []])
})

test('priority, weight and not to serve', () => {
  const room = new Room()
  assert.is(seatsOf(room.told[0]), 'a1/1 b1/1 c1/1')
  assert.is(seatsOf(room.assign([A, { serve: 'no' }], [B, { weight: 3, priority: 2 }])), 'b2/3 c1/1')
  assert.is(room.assign([A, { serve: 'no' }], [B, { weight: 3, priority: 2 }]), undefined, 'no news')
  assert.is(seatsOf(room.assign()), 'a1/1 b1/1 c1/1')
})

test('loads are told where the service wants them, and not elsewhere', () => {
  assert.is(new Room().load(B, 700), undefined)
  const told = new Room({ load: 'on' }).load(B, 700)
  assert.equal(
    told?.seats.map(({ loadPermille }) => loadPermille),
    [undefined, 700, undefined],
  )
})

test('facts of a release that tells no load are read, and so are ours by one that knows none', () => {
  const room = new Room({ load: 'on' })
  room.load(B, 700)
  room.knowledge.setFacts(B, facts([80]))
  assert.equal(
    room.tell()?.seats.map(({ loadPermille }) => loadPermille),
    [undefined, undefined, undefined],
  )
})

test('what is planned is told before it is shown, and otherwise at the end of the turn', () => {
  const room = new Room()
  room.told.length = 0
  room.knowledge.setFacts(B, facts([81]))
  room.news.settle()
  assert.is(room.told.length, 0, 'nothing is planned')
  room.news.plan()
  room.news.plan()
  assert.equal([room.told.length, room.later.length], [0, 1])
  room.news.settle()
  assert.is(room.told[0]?.seats.length, 2)
  room.later.pop()?.()
  assert.is(room.told.length, 1, 'once')
})

test('the quorum counts nodes that get connections', () => {
  const room = new Room({ quorum: 2 })
  assert.equal([room.told[0]?.quorate, room.quorums], [true, []])
  assert.is(room.assign([A, { serve: 'no' }], [B, { weight: 0 }])?.quorate, false)
  assert.is(room.assign([A, { serve: 'no' }])?.quorate, true)
  assert.equal(room.quorums, [
    ['web', false, 1],
    ['web', true, 2],
  ])
})

test('each node has a cell of its own, which it keeps, and so has the queue', () => {
  const room = new Room()
  const cells = new Map(room.told[0]?.cells)
  assert.equal([cells.size, new Set(cells.values()).size], [4, 4])
  assert.equal(new Map(room.assign([A, { serve: 'no' }])?.cells), cells)
  room.news.forget('web')
  assert.is(new Map(room.tell()?.cells).size, 3, 'of the nodes that serve now')
})

test.run()
