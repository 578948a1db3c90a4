import { Knowledge } from '../../src/node/knowledge.js'
import { encodeNodeFacts, type Serving } from '../../src/node/node-facts.js'
import { BackendStates } from '../../src/node/programs/backend-states.js'
import { encodeListeners } from '../../src/proxy/listener-codec.js'
import type { Service } from '../../src/proxy/service.js'
import { assert, suite } from '../harness/suite.js'
import { A, B, C, facts, listener, member, service } from './sample.js'

const test = suite('node/knowledge')
const WEB = service('web', 80)
const SERVING: Serving = { service: 'web', term: 3, state: 'serving', problem: '' }

function knowledgeOf(...active: readonly Service[]): Knowledge {
  const knowledge = new Knowledge(A)
  knowledge.setMembers([member(A), member(B)])
  knowledge.setServices({ active, shadowed: [], unreadable: [] })
  return knowledge
}

function seats(knowledge: Knowledge, of = WEB) {
  return new BackendStates(knowledge, { of: () => undefined }).seats(of)
}

function seatsOf(knowledge: Knowledge, of = WEB): string[] {
  return seats(knowledge, of).map(({ name, port }) => `${name}:${port}`)
}

test('who listens on a port of a service can serve it; facts may come before their member', () => {
  const knowledge = knowledgeOf(WEB)
  knowledge.setFacts(A, facts([22]))
  knowledge.setFacts(B, facts([22, 80]))
  knowledge.setFacts(C, facts([80]))
  assert.equal(seatsOf(knowledge), ['node-b:80'])
  knowledge.setMembers([member(A), member(B), member(C)])
  assert.equal(seatsOf(knowledge), ['node-b:80', 'node-c:80'])
})

test('the program of a listener is known to all; seats do not change with it', () => {
  const knowledge = knowledgeOf(WEB)
  const program = { pid: 812, name: 'nginx' }
  const say = (more: object) => {
    const listeners = encodeListeners([{ ...listener(80), ...more }])
    knowledge.setFacts(B, encodeNodeFacts({ listeners, serving: [], health: [], hosting: [] }))
    return [knowledge.candidates(WEB)[0]?.program, knowledge.programsOf(B)[0]?.program]
  }
  assert.equal(say({}), [undefined, undefined])
  const before = seats(knowledge)
  assert.equal(say({ program }), [program, program])
  assert.equal(seats(knowledge), before)
})

test('every port of a service has its own seats', () => {
  const many = service('many', 80, { ports: [{ first: 80, last: 81 }] })
  const knowledge = knowledgeOf(many)
  knowledge.setFacts(A, facts([81]))
  knowledge.setFacts(B, facts([80, 81]))
  assert.equal(seatsOf(knowledge, many), ['node-b:80', 'node-a:81', 'node-b:81'])
})

test('a suspect still serves; who is down or has left does not', () => {
  const knowledge = knowledgeOf(WEB)
  knowledge.setFacts(B, facts([80]))
  for (const [state, seats] of [
    ['suspect', ['node-b:80']],
    ['down', []],
    ['left', []],
    ['alive', ['node-b:80']],
  ] as const) {
    knowledge.setMembers([member(A), member(B, state)])
    assert.equal(seatsOf(knowledge), seats, state)
  }
})

test('what listens on a service’s own address is the director’s, and no program of a node', () => {
  const knowledge = knowledgeOf()
  const bytes = encodeNodeFacts({
    listeners: encodeListeners([listener(80, '10.0.0.11')]),
    serving: [],
    health: [],
    hosting: [],
  })
  knowledge.setFacts(B, bytes)
  assert.equal(knowledge.programsOf(B).length, 1)
  knowledge.setServices({ active: [service('web', 80, { address: '10.0.0.11' })], shadowed: [], unreadable: [] })
  assert.equal(knowledge.programsOf(B), [])
  assert.equal(seatsOf(knowledge), [])
})

test('programs of a node that is not alive are not shown', () => {
  const knowledge = knowledgeOf(WEB)
  knowledge.setFacts(C, facts([80]))
  assert.equal(knowledge.programsOf(C), [])
})

test('the lane hears of this node’s programs on ports of services, each once, and of no other node’s', () => {
  const knowledge = knowledgeOf(WEB, service('also', 80, { address: '10.0.0.101' }), service('mail', 25))
  knowledge.setFacts(A, facts([22, 80]))
  knowledge.setFacts(B, facts([25]))
  assert.equal(knowledge.localListeners(), [{ port: 80, address: '10.0.0.10' }])
})

test('newer facts replace all that the node said before', () => {
  const knowledge = knowledgeOf(WEB)
  knowledge.setFacts(B, facts([80], [SERVING]))
  assert.equal(knowledge.servingBy(B, 'web'), SERVING)
  knowledge.setFacts(B, facts([81]))
  assert.equal(seatsOf(knowledge), [])
  assert.is(knowledge.servingBy(B, 'web'), undefined)
})

test('a damaged fact changes nothing', () => {
  const knowledge = knowledgeOf(WEB)
  const good = facts([80], [SERVING])
  knowledge.setFacts(B, good)
  knowledge.setFacts(B, good.subarray(0, good.length - 1))
  knowledge.setFacts(B, Uint8Array.of(2, 255))
  assert.equal(seatsOf(knowledge), ['node-b:80'])
  assert.equal(knowledge.servingBy(B, 'web'), SERVING)
})

test('listeners in a form of a newer release leave the known ones, and the rest is believed', () => {
  const knowledge = knowledgeOf(WEB)
  knowledge.setFacts(B, facts([80]))
  knowledge.setFacts(
    B,
    encodeNodeFacts({ listeners: Uint8Array.of(99, 1, 2), serving: [SERVING], health: [], hosting: [] }),
  )
  assert.equal(seatsOf(knowledge), ['node-b:80'])
  assert.equal(knowledge.servingBy(B, 'web'), SERVING)
})

test('only services in force count: one that is shadowed gives no port and no name', () => {
  const knowledge = knowledgeOf(WEB)
  const shadowed = [{ service: service('old', 25), by: 'web', port: 25 }]
  knowledge.setServices({ active: [WEB], shadowed, unreadable: [] })
  assert.equal([knowledge.isServicePort(80), knowledge.isServicePort(25)], [true, false])
  assert.equal([knowledge.service('web'), knowledge.service('old')], [WEB, undefined])
})

test('a node that has left leaves nothing behind, and says it all anew when it comes back', () => {
  const knowledge = knowledgeOf(WEB)
  knowledge.setFacts(B, facts([80]))
  knowledge.forget(B)
  assert.equal([seatsOf(knowledge), knowledge.servingBy(B, 'web')], [[], undefined])
  knowledge.setFacts(B, facts([80]))
  assert.equal(seatsOf(knowledge), ['node-b:80'])
})

test.run()
