import { linksToTell, MortalNews } from '../../src/lane/mortal-news.js'
import { MORTALS_MAX, Mortals } from '../../src/lane/mortals.js'
import type { LedgerLink } from '../../src/lane/recovery.js'
import type { MortalFrame } from '../../src/proxy/ledger-frames.js'
import type { SpliceFrame } from '../../src/proxy/splice-frame.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('lane/mortals')

const TERM = { number: 3, holder: 'a' }
const NEXT = { number: 4, holder: 'b' }
const DESTINATION = { address: '10.0.0.100', port: 80 }
const splice = (counter: number, fields: object = {}) => ({
  id: { node: 'a', boot: 1, counter },
  served: true,
  node: { node: 'a', name: 'a' },
  startedAt: 0,
  client: { address: '192.0.2.1', port: counter },
  destination: DESTINATION,
  half: { isClosed: false },
  ...fields,
})
const told = (counter: number, isOver = false, service = 'web'): MortalFrame => {
  const { id, client, destination } = splice(counter)
  return { kind: 'mortal', handle: 0, service, term: TERM, id, client, destination, host: 'a', isOver }
}
const ask = (service = 'web') => ({ kind: 'ask', handle: 0, service, term: NEXT }) as const

class FakeLink implements LedgerLink {
  readonly said: string[] = []
  readonly peer
  isUp = true

  constructor(node: string) {
    this.peer = { node, name: node }
  }

  say(frame: SpliceFrame): void {
    assert.ok(frame.kind === 'mortal')
    if (frame.kind === 'mortal') this.said.push(`${frame.id.counter}${frame.isOver ? ' over' : ''} of ${frame.host}`)
  }

  revive(): void {}

  take(): string[] {
    return this.said.splice(0)
  }
}

test('told once a second: splices that are older than that, where their programs are, and when they are over', () => {
  const news = new MortalNews('web', TERM)
  const link = new FakeLink('b')
  const clients = [
    splice(1),
    splice(2, { node: { node: 'c', name: 'c' } }),
    splice(3, { served: false }),
    splice(4, { startedAt: 500 }),
    splice(5, { half: { isClosed: true } }),
    splice(6),
  ]
  news.sweep(1_000, clients, [link])
  assert.equal(link.take(), ['1 of a', '2 of c', '6 of a'])
  news.sweep(1_900, clients, [link])
  assert.equal(link.take(), [], 'not yet')
  news.sweep(2_000, clients.slice(0, 5), [link])
  assert.equal(link.take(), ['6 over of a', '4 of a'])
})

test('one that is parked is in no ledger, wherever its program was', () => {
  const news = new MortalNews('web', TERM)
  const link = new FakeLink('b')
  const parked = splice(1, { node: undefined, parkedUntil: 9_000 })
  news.sweep(1_000, [parked, splice(2, { node: undefined })], [link])
  assert.equal(link.take(), ['1 of a'])
  news.sweep(2_000, [], [link])
  assert.equal(link.take(), ['1 over of a'])
})

test('a link that is new is told all; one that is gone is forgotten', () => {
  const news = new MortalNews('web', TERM)
  const [one, two] = [new FakeLink('b'), new FakeLink('c')]
  news.sweep(1_000, [splice(1)], [one])
  news.sweep(2_000, [splice(1)], [])
  const same = splice(2)
  news.sweep(3_000, [same], [one, two])
  assert.equal([one.take(), two.take()], [['1 of a', '2 of a'], ['2 of a']])
  news.sweep(4_000, [same], [two])
  news.sweep(5_000, [same], [one, two])
  assert.equal([one.take(), two.take()], [['2 of a'], []])
})

test('the first two of the order that can be reached are told', () => {
  const links = new Map(['b', 'c', 'd', 'e'].map((node) => [node, [new FakeLink(node)]]))
  const chosen = () =>
    linksToTell(['x', 'b', 'c', 'd', 'e'], (node) => links.get(node) ?? []).map(({ peer }) => peer.node)
  assert.equal(chosen(), ['b', 'c'])
  for (const link of links.get('b') ?? []) link.isUp = false
  assert.equal(chosen(), ['c', 'd'])
})

test('whoever asks for a ledger hears of those of the service that are not over, in its own term; also after the link broke', () => {
  const mortals = new Mortals()
  const link = {}
  for (const frame of [told(1), told(2), told(3, false, 'mail'), told(1), told(2, true)]) mortals.take(link, frame)
  assert.is(mortals.size, 2)
  mortals.onLinkDown(link, 0)
  const [only, ...others] = mortals.tell(ask(), 100)
  assert.equal([only?.id.counter, only?.term, only?.host, others.length], [1, NEXT, 'a', 0])
  assert.is(mortals.tell(ask(), 200).length, 1, 'the next one that asks, too')
})

test('what is not told any more is forgotten two minutes after the link broke, or after it was told on', () => {
  const mortals = new Mortals()
  const [one, two] = [{}, {}]
  mortals.take(one, told(1))
  mortals.take(two, told(2))
  mortals.sweep(1_000_000)
  assert.is(mortals.size, 2, 'their director lives')
  mortals.onLinkDown(one, 1_000_000)
  mortals.sweep(1_119_999)
  assert.is(mortals.size, 2)
  mortals.sweep(1_120_000)
  assert.is(mortals.size, 1)
  mortals.tell(ask(), 2_000_000)
  mortals.take(two, told(3))
  mortals.sweep(3_000_000)
  assert.is(mortals.size, 2, 'somebody asked, and its director goes on')
  mortals.tell(ask(), 3_000_000)
  mortals.sweep(3_120_000)
  assert.is(mortals.size, 0)
})

test('there is a limit, and room again when some are over', () => {
  const mortals = new Mortals()
  const link = {}
  for (let i = 1; i <= MORTALS_MAX + 10; i++) mortals.take(link, told(i))
  assert.is(mortals.size, MORTALS_MAX)
  mortals.take(link, told(MORTALS_MAX + 1, true))
  assert.is(mortals.size, MORTALS_MAX)
  mortals.take(link, told(1, true))
  mortals.take(link, told(MORTALS_MAX + 1))
  assert.is(mortals.size, MORTALS_MAX)
})

test.run()
