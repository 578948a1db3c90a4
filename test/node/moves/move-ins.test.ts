/** The successor of a planned move: asked, ready, and given what came to the director before. */
import { encodeHandoff, type HandoffMessage } from '../../../src/handoff/messages.js'
import { NOTHING_TO_TAKE } from '../../../src/node/addresses/address-keeper.js'
import { Knowledge } from '../../../src/node/knowledge.js'
import { MoveIns } from '../../../src/node/moves/move-ins.js'
import { obstacleToMove } from '../../../src/node/readiness.js'
import { flagsOf } from '../../../src/node/roles.js'
import type { ToLane } from '../../../src/proxy/lane-protocol.js'
import { FakeClock } from '../../harness/fake-clock.js'
import { assert, suite } from '../../harness/suite.js'
import { A, B, member, service } from '../sample.js'

const test = suite('node/moves/move-ins')
const IP = '10.0.0.100'
const packet = (length: number) => new Uint8Array(length)

class Room {
  readonly clock = new FakeClock()
  obstacle = ''
  isOpen = false
  readonly posted: ToLane[] = []
  readonly said: string[] = []
  readonly ins = new MoveIns({
    clock: this.clock,
    logger: { log: () => {} },
    directing: { isOpen: () => this.isOpen },
    addresses: { deliver: (_contest, { length }) => this.said.push(`${length} bytes`) > 0 },
    obstacle: () => this.obstacle,
    toLane: (message) => this.posted.push(message),
    send: (to, message: HandoffMessage) => this.said.push(`${to}: ${message.kind === 'ready' ? message.why : '?'}`),
  })

  take(): string[] {
    return this.said.splice(0)
  }
}

test('asked, it rehearses first; what is in the way then is the answer', () => {
  const room = new Room()
  room.ins.onAsked('b', IP)
  assert.equal([room.posted, room.take()], [[{ type: 'rehearse', rehearsal: 1 }], []])
  room.ins.onRehearsed(1, '')
  room.ins.onRehearsed(1, '')
  assert.equal(room.take(), ['b: '], 'once')
  room.ins.onAsked('b', IP)
  room.obstacle = 'is leaving'
  room.ins.onRehearsed(2, '')
  assert.equal(room.take(), ['b: is leaving'])
  room.obstacle = ''
  room.ins.onAsked('b', IP)
  room.ins.onRehearsed(3, 'cannot rebuild connections: connect: EPERM')
  assert.equal(room.take(), ['b: cannot rebuild connections: connect: EPERM'])
})

test('what is in the way before is answered at once, and so is one who asks without end', () => {
  const room = new Room()
  room.obstacle = `has ${'a'.repeat(2_000)}`
  room.ins.onAsked('b', IP)
  assert.is(room.posted.length, 0)
  assert.ok((room.take()[0] ?? '').length < 300)
  room.obstacle = ''
  for (let i = 0; i < 70; i++) room.ins.onAsked('b', IP)
  assert.is(room.posted.length, 64)
  assert.is(room.take().length, 6)
})

test('packets wait until the connections of the address hear; then they are heard in turn, and not all in one go', () => {
  const room = new Room()
  room.ins.heard(
    IP,
    Array.from({ length: 150 }, (_, i) => packet(i)),
  )
  assert.equal(room.take(), [])
  room.isOpen = true
  room.ins.onOpen(IP)
  room.ins.heard(IP, [packet(150)])
  room.ins.heard(IP, [])
  assert.is(room.said.length, 100)
  room.clock.advanceTo(1)
  assert.equal(
    room.take(),
    Array.from({ length: 151 }, (_, i) => `${i} bytes`),
  )
})

test('what a message may be is bounded by what may be said of a reason', () => {
  assert.ok(encodeHandoff({ kind: 'ready', contest: IP, why: 'x'.repeat(256) }).length < 400)
})

test('obstacles: a witness, a node that leaves, a service that is unknown, a link that is missing, an address that is there', () => {
  const knowledge = new Knowledge(A)
  const state = { linked: true, stopping: false, problem: '' }
  const ask = () =>
    obstacleToMove(A, IP, {
      knowledge,
      addresses: { ...NOTHING_TO_TAKE, problem: () => state.problem },
      isLinked: () => state.linked,
      isStopping: () => state.stopping,
    })
  assert.is(ask(), 'does not know the service yet')
  knowledge.setServices({ active: [service('web', 80)], shadowed: [], unreadable: [] })
  assert.is(ask(), '')
  state.problem = 'has it on eth0 already'
  assert.is(ask(), 'has it on eth0 already')
  state.stopping = true
  assert.is(ask(), 'is leaving')
  Object.assign(state, { stopping: false, linked: false })
  knowledge.setMembers([member(A)])
  assert.is(ask(), 'has it on eth0 already', 'nobody else has connections')
  knowledge.setMembers([member(A), member(B)])
  assert.is(ask(), 'has no data link to node-b now')
  for (const [role, why] of [
    [{ witness: true }, 'only votes'],
    [{ drained: true }, 'was drained, and takes no service'],
  ] as const) {
    const flags = flagsOf({ witness: false, drained: false, leaving: false, priority: 100, capability: 0, ...role })
    knowledge.setMembers([{ ...member(A), profile: { ...member(A).profile, flags } }])
    assert.is(ask(), why)
  }
})

test.run()
