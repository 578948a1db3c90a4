import { utf8 } from '../../src/base/bytes.js'
import { Prng } from '../../src/base/prng.js'
import { FACT_BYTES_MAX, FACT_NODES_MAX, FACTS_BYTES_MAX, type Fact, Facts } from '../../src/gossip/facts.js'
import { assert, suite } from '../harness/suite.js'
import { nodeId, seeds } from './knowledge.js'

const test = suite('gossip/facts')
const self = { node: nodeId(1), boot: 3 }

function fact(node: number, boot: number, version: number): Fact {
  return { node: nodeId(node), boot, version, bytes: utf8(`${node} ${boot} ${version}`) }
}

test('the newest boot wins, and within it the newest version, in whatever order they are heard', () => {
  for (const seed of seeds(20)) {
    const random = new Prng(seed)
    const heard = [fact(2, 1, 9), fact(2, 2, 1), fact(2, 2, 2), fact(3, 1, 1)]
    const facts = new Facts(self)
    for (const each of random.shuffle([...heard, ...heard])) facts.learn(each)
    assert.equal(facts.get(nodeId(2)), fact(2, 2, 2), `replay with SEED=${seed}`)
    assert.is(facts.all().length, 2)
  }
})

test('what is known is no news', () => {
  const facts = new Facts(self)
  assert.is(facts.learn(fact(2, 1, 1)).type, 'news')
  assert.is(facts.learn(fact(2, 1, 1)).type, 'known')
})

test('each word of the own node has a version of its own', () => {
  const facts = new Facts(self)
  assert.is(facts.publish(utf8('a'))?.version, 1)
  assert.equal(facts.publish(utf8('b')), { ...self, version: 2, bytes: utf8('b') })
})

test('own facts of an earlier boot are old news, those of a later one a reason to worry', () => {
  const facts = new Facts(self)
  assert.is(facts.learn(fact(1, 2, 50)).type, 'known')
  const learnt = facts.learn(fact(1, 4, 1))
  assert.match(learnt.type === 'refused' ? learnt.why : '', /boot 4, version 1; this is boot 3/)
})

test('since gives what the other lacks or has older', () => {
  const [a, b] = [new Facts(self), new Facts({ node: nodeId(2), boot: 1 })]
  for (const each of [fact(5, 1, 1), fact(6, 1, 2), fact(7, 1, 1)]) a.learn(each)
  for (const each of [fact(5, 1, 1), fact(6, 1, 1), fact(8, 1, 1)]) b.learn(each)
  assert.equal(
    a.since(b.versions()).map(({ node }) => node),
    [nodeId(6), nodeId(7)],
  )
  for (const each of a.since(b.versions())) b.learn(each)
  for (const each of b.since(a.versions())) a.learn(each)
  assert.is(a.fingerprint(), b.fingerprint())
})

test('what is too long is refused, and the old word stands', () => {
  const facts = new Facts(self)
  facts.publish(utf8('old'))
  assert.is(facts.publish(new Uint8Array(FACT_BYTES_MAX + 1)), undefined)
  assert.equal(facts.get(self.node)?.bytes, utf8('old'))
  assert.is(facts.learn({ ...fact(2, 1, 1), bytes: new Uint8Array(FACT_BYTES_MAX + 1) }).type, 'refused')
})

test('nodes and bytes are bounded; a forgotten node makes room', () => {
  const crowd = new Facts(self)
  for (let n = 0; n < FACT_NODES_MAX; n++) crowd.learn({ ...fact(n + 2, 1, 1), bytes: new Uint8Array(0) })
  assert.is(crowd.learn(fact(9_999, 1, 1)).type, 'refused')
  crowd.forget(nodeId(2))
  assert.is(crowd.learn(fact(9_999, 1, 1)).type, 'news')

  const long = new Facts(self)
  const bytes = new Uint8Array(FACT_BYTES_MAX)
  for (let n = 0; n < FACTS_BYTES_MAX / FACT_BYTES_MAX; n++) long.learn({ ...fact(n + 2, 1, 1), bytes })
  assert.is(long.learn({ ...fact(9_999, 1, 1), bytes: new Uint8Array(1) }).type, 'refused')
  assert.is(long.learn({ ...fact(2, 1, 2), bytes }).type, 'news')
})

test('another process of one boot goes on with what the first knew, and counts its own words on', () => {
  const first = new Facts(self)
  first.publish(utf8('a'))
  first.publish(utf8('b'))
  first.learn(fact(2, 1, 1))
  const second = new Facts(self)
  second.resume(structuredClone(first.all()))
  assert.is(second.fingerprint(), first.fingerprint())
  assert.is(second.publish(utf8('c'))?.version, 3)
})

test.run()
