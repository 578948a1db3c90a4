import type { Tenure } from '../../../src/hosting/tenure-rows.js'
import { Names } from '../../../src/node/control/status.js'
import { Knowledge } from '../../../src/node/knowledge.js'
import { encodeNodeFacts } from '../../../src/node/node-facts.js'
import { hostingSentences, hostingView } from '../../../src/node/programs/hosting-words.js'
import { hostedBy, hostingContest, Tenures } from '../../../src/node/programs/tenures.js'
import { encodeListeners } from '../../../src/proxy/listener-codec.js'
import type { Service } from '../../../src/proxy/service.js'
import { assert, suite } from '../../harness/suite.js'
import { A, B, C, listener, member, service } from '../sample.js'

const test = suite('node/programs/tenures')
const single = (name: string, port: number, more: Partial<Service> = {}) =>
  service(name, port, { mode: 'single', program: '/x', ...more })
const DB = single('db', 5432)
const tenure = (name: string, state: Tenure['state'], term: number, stopMs = 0): Tenure => ({
  service: name,
  term,
  state,
  stopMs,
  words: '',
})

function tenuresOf(
  services: readonly Service[],
  said: Readonly<Record<string, readonly Tenure[]>>,
  more: { drained?: string; up?: string; listeners?: string } = {},
) {
  const knowledge = new Knowledge(A)
  knowledge.setMembers([member(A), member(B), member(C)])
  knowledge.setServices({ active: services, shadowed: [], unreadable: [] })
  for (const [node, hosting] of Object.entries(said)) {
    const listeners = encodeListeners(more.listeners === node ? [listener(5432)] : [])
    knowledge.setFacts(node, encodeNodeFacts({ listeners, serving: [], health: [], hosting }))
  }
  const tenures = new Tenures(
    A,
    knowledge,
    (_service, node) => node === more.drained,
    (_service, node) => node === more.up,
  )
  return { knowledge, tenures }
}

test('the contest of a service is no name of another', () => {
  assert.is(hostedBy(hostingContest('db')), 'db')
  assert.is(hostedBy('db'), undefined)
})

test('where it runs is what live nodes say, and the latest term among them', () => {
  const said = {
    [A]: [tenure('db', 'stopped', 9)],
    [B]: [tenure('db', 'active', 7)],
    [C]: [tenure('db', 'stopping', 6)],
  }
  const { tenures, knowledge } = tenuresOf([DB], said)
  assert.is(tenures.present('db')?.node, B)
  assert.equal(
    [A, B, C].map((node) => tenures.standing(DB, node)?.state ?? 'healthy'),
    ['standby', 'healthy', 'standby'],
  )
  knowledge.setMembers([member(A), member(B, 'down'), member(C)])
  assert.is(tenures.present('db')?.node, C)
  assert.is(tenures.standing(DB, C)?.state, 'starting', 'not for new connections')
  assert.is(tenures.standing({ ...DB, mode: 'multi' }, A), undefined)
})

test('of the others it counts what is known to be stopped, and the longest stop, also of nodes that are not heard', () => {
  const said = {
    [A]: [tenure('db', 'stopped', 9, 99_000)],
    [B]: [tenure('db', 'stopped', 7, 3_000)],
    [C]: [tenure('db', 'active', 6, 8_000)],
  }
  const { tenures, knowledge } = tenuresOf([DB], said)
  knowledge.setMembers([member(A), member(B), member(C, 'down')])
  assert.equal(tenures.others(DB), { stoppedTerm: 7, stopMs: 8_000, isAnybody: true })
})

test('who may host it: the fewest first; not who is drained, mute where it is only listened for, or lacks what it requires', () => {
  const others = [single('one', 1), single('two', 2)]
  const said = { [A]: [tenure('one', 'active', 1)], [B]: [tenure('two', 'waiting', 1)], [C]: [] }
  const order = (of: Service, more = {}) => tenuresOf([...others, of], said, more).tenures.order(of)
  assert.is(order(DB)[0], C)
  assert.equal(order(DB, { drained: C }).includes(C), false)
  assert.equal(order({ ...DB, program: '' }, { listeners: B }), [B])
  assert.equal(order({ ...DB, requires: 'one' }, { up: A }), [A])
  assert.equal(order({ ...DB, requires: 'one,gone' }, { up: A }), [], 'what does not exist is up nowhere')
})

test('it is said in words', () => {
  const names = new Names([member(A), member(B), member(C)])
  const words = (services: readonly Service[], said: Record<string, Tenure[]>, of = DB) =>
    hostingSentences(hostingView(of, tenuresOf(services, said).tenures, names)).join(' ')
  assert.match(
    words([DB], { [B]: [tenure('db', 'active', 7)] }),
    /^It runs on one node at a time: node-b runs it in term 7\. Next would be node-[ac], node-[ac]\.$/,
  )
  assert.match(words([DB], {}), /on none now: an election is under way\. Next would be/)
  const wants = { ...DB, requires: 'disk' }
  assert.match(words([wants], {}, wants), /no live node may host it \(it requires disk\)/)
  assert.is(words([DB], {}, { ...DB, mode: 'multi' }), '')
})

test.run()
