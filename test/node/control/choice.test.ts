/** What an operator hears of a choice: what was said of nodes, who gets nothing and why. */
import type { NodeId } from '../../../src/base/ids.js'
import { choiceView, seatView, whyChosen, whyKeptOut } from '../../../src/node/control/choice.js'
import { Names } from '../../../src/node/control/status.js'
import { Knowledge } from '../../../src/node/knowledge.js'
import { encodeNodeFacts } from '../../../src/node/node-facts.js'
import { Assignments, assignmentKey } from '../../../src/node/programs/assignments.js'
import { BackendStates } from '../../../src/node/programs/backend-states.js'
import { encodeListeners } from '../../../src/proxy/listener-codec.js'
import type { Service } from '../../../src/proxy/service.js'
import type { ServiceFields } from '../../../src/proxy/service-fields.js'
import { NOTHING_PLACED } from '../../../src/proxy/service-report.js'
import { assert, suite } from '../../harness/suite.js'
import { A, B, C, facts, listener, member, service } from '../sample.js'

const test = suite('node/control/choice')
const REPORT = { perService: [{ service: 'web', placement: NOTHING_PLACED }] } as never

function room(settings: Partial<Service>, said: readonly (readonly [string, ServiceFields])[] = [], quorate = true) {
  const members = [member(A), member(B), member(C)]
  const web = service('web', 80, settings)
  const knowledge = new Knowledge(A)
  knowledge.setMembers(members)
  knowledge.setServices({ active: [web], shadowed: [], unreadable: [] })
  for (const node of [A, B, C]) knowledge.setFacts(node, facts([80]))
  knowledge.assignments = Assignments.fromRegistry(said.map(([node, fields]) => [assignmentKey('web', node), fields]))
  const seats = knowledge.weighed(web, new BackendStates(knowledge, { of: () => undefined }).seats(web))
  return {
    web,
    knowledge,
    facts: { knowledge, seats, names: new Names(members), quorate, report: REPORT, beyond: [] as NodeId[] },
  }
}

test('why: who gets connections, in which way, and up to what', () => {
  const { web, facts: about } = room({ scheduler: 'least-connections', nodeConnections: 10, queue: 5 })
  assert.equal(whyChosen(web, about, [A, B, C]), [
    'Connections are given to node-a, node-b, node-c: the one with the fewest connections for its weight; each takes 10 connections, and up to 5 more wait for 5s.',
  ])
})

test('why: idle clients that are parked while no node can have any', () => {
  const nobody = [A, B, C].map((node) => [node, { weight: 0 }] as const)
  const said = ({ web, facts: about }: ReturnType<typeof room>) => whyChosen(web, about, [A, B, C]).join(' ')
  const sentence = /Idle clients that it had are parked, each for 30s at most\./
  assert.match(said(room({ parkMs: 30_000 }, nobody)), sentence)
  assert.not.match(said(room({ parkMs: 30_000 })), sentence)
  assert.not.match(said(room({}, nobody)), sentence)
})

test('why: who serves it and is not reached from here', () => {
  const { web, facts: about } = room({})
  assert.not(whyChosen(web, about, [A, B, C]).some((sentence) => sentence.includes('neither of the two')))
  assert.ok(
    whyChosen(web, { ...about, beyond: [C] }, [A, B, C]).some((sentence) =>
      sentence.startsWith('Directed from this node, node-c would get no connections: neither of the two reaches'),
    ),
  )
})

test('why: who gets none, in lower tiers, by weight, by order; and what follows', () => {
  const said = [
    [A, { serve: 'no' }],
    [B, { weight: 0 }],
    [C, { priority: 5, direct: 'no' }],
  ] as const
  const { web, facts: about } = room({ quorum: 2, sorry: '10.0.0.9:80' }, said, false)
  assert.equal(whyChosen(web, about, [A, B, C]), [
    'Connections are given to node-c: in turn.',
    'node-a could serve it and is not to (serve no).',
    'node-b gets no new connections: its weight is 0.',
    'Fewer than the 2 healthy nodes that it wants serve it: the sorry backend 10.0.0.9:80 answers.',
  ])
  assert.match(whyKeptOut(web, about).join(), /^node-c never directs it.*service node web node-c --direct yes/)
  const tiers = room({}, [[A, { priority: 2 }]])
  assert.match(
    whyChosen(tiers.web, tiers.facts, [A, B, C]).join(),
    'to node-a: in turn; of lower priority and not asked: 2.',
  )
  const none = room({}, [
    [A, { weight: 0 }],
    [B, { weight: 0 }],
    [C, { weight: 0 }],
  ])
  assert.match(whyChosen(none.web, none.facts, [A, B, C]).join(), 'and no node can have any now')
})

test('the view: only what is not the ordinary, the quorum where one is wanted, and each backend’s own', () => {
  const {
    web,
    knowledge,
    facts: about,
  } = room({ quorum: 2, load: 'on' }, [
    [B, { weight: 7 }],
    [C, {}],
  ])
  const { assignments, quorum, placement } = choiceView(web, about)
  assert.equal(
    assignments.map(({ name, weight }) => [name, weight]),
    [['node-b', 7]],
  )
  assert.equal([quorum, placement], [{ quorate: true, able: 3, wanted: 2 }, NOTHING_PLACED])
  const listeners = encodeListeners([listener(80)])
  knowledge.setFacts(B, encodeNodeFacts({ listeners, serving: [], health: [], hosting: [], loadPermille: 250 }))
  const [, b] = knowledge.candidates(web)
  if (b === undefined) throw new Error('three candidates')
  assert.equal(seatView(web, b, about), { serves: true, priority: 1, weight: 7, loadPermille: 250 })
  assert.equal(choiceView(service('web', 80), { ...about, report: { perService: [] } as never }).quorum, undefined)
})

test.run()
