import type { NodeId } from '../../src/base/ids.js'
import { LEDGER_MS_MAX, type LedgerLink, Recovery } from '../../src/lane/recovery.js'
import type { SpliceFrame } from '../../src/proxy/splice-frame.js'
import { assert, suite } from '../harness/suite.js'
import { FRAMES } from '../proxy/splice-frames.js'

const test = suite('lane/recovery')
const TERM = { number: 9, holder: 'me' }
const TOKEN = 7

class FakeLink implements LedgerLink {
  readonly peer
  isUp = true
  readonly said: string[] = []

  constructor(node: NodeId) {
    this.peer = { node, name: node }
  }

  say(frame: SpliceFrame): void {
    this.said.push(frame.kind)
  }

  revive(): void {}
}

class Room {
  readonly links = new Map<NodeId, FakeLink[]>()
  readonly ended = new Set<NodeId>()
  readonly revived: string[] = []
  readonly readmitted: string[] = []
  /** Missing nodes, when it was complete. */
  outcome: readonly NodeId[] | undefined
  readonly recovery: Recovery

  constructor(members: readonly NodeId[], linked = members) {
    for (const node of linked) this.links.set(node, [new FakeLink(node)])
    this.recovery = new Recovery('web', TERM, members, LEDGER_MS_MAX, TOKEN, {
      links: () => [...this.links.values()].flat(),
      hasEnded: (node) => this.ended.has(node),
      revive: (row, link) => this.revived.push(`${row.id.counter} by ${link.peer.name}`),
      readmit: ({ kind }) => this.readmitted.push(kind),
      onComplete: ({ missing }) => {
        assert.is(this.outcome, undefined, 'once')
        this.outcome = missing
      },
    })
    this.recovery.start()
  }

  link(node: NodeId): FakeLink {
    const [link] = this.links.get(node) ?? []
    if (link === undefined) throw new Error(`no link to ${node}`)
    return link
  }

  unserved(link: FakeLink, service = 'web'): void {
    for (const name of ['unread', 'unserved']) {
      const frame = FRAMES[name] as Extract<SpliceFrame, { kind: 'unread' | 'unserved' }>
      this.recovery.onLedger(link, { ...frame, service })
    }
  }

  row(link: FakeLink, service = 'web'): void {
    const row = FRAMES['row'] as Extract<SpliceFrame, { kind: 'row' }>
    this.recovery.onLedger(link, { ...row, service })
  }

  answer(link: FakeLink): void {
    this.recovery.onLedger(link, { kind: 'ledger', handle: 0, service: 'web', term: TERM, rows: 1 })
    this.recovery.onLedger(link, { kind: 'passed', handle: 0, token: TOKEN })
  }
}

test('asked on every link, complete when each has told all and its bytes have come', () => {
  const room = new Room(['a', 'b'])
  const second = new FakeLink('b')
  room.recovery.onLinkUp(second)
  for (const link of [room.link('a'), room.link('b'), second]) assert.equal(link.said, ['ask'])
  room.row(room.link('a'))
  room.answer(room.link('a'))
  assert.equal(room.link('a').said, ['ask', 'barrier'], 'after the last row')
  room.answer(room.link('b'))
  assert.is(room.outcome, undefined, 'the other lane of b has not answered')
  room.recovery.onLedger(second, { kind: 'ledger', handle: 0, service: 'web', term: TERM, rows: 0 })
  room.recovery.onLedger(second, { kind: 'passed', handle: 0, token: TOKEN + 1 })
  assert.is(room.outcome, undefined, 'that was for another service')
  room.recovery.onLedger(second, { kind: 'passed', handle: 0, token: TOKEN })
  assert.equal([room.outcome, room.revived.length], [[], 1])
})

test('nobody to ask: complete at once', () => {
  assert.equal(new Room([]).outcome, [])
})

test('a node without a link is waited for; it is asked when the link comes, or is gone', () => {
  const room = new Room(['a', 'b'], ['a'])
  room.answer(room.link('a'))
  assert.is(room.outcome, undefined)
  const late = new FakeLink('b')
  room.recovery.onLinkUp(late)
  room.answer(late)
  assert.equal(room.outcome, [])
  const other = new Room(['a', 'b'], ['a'])
  other.answer(other.link('a'))
  other.recovery.onGone('b')
  assert.equal(other.outcome, [])
})

test('a link that breaks in the middle: its node is asked again on the next', () => {
  const room = new Room(['a'])
  room.recovery.onLinkDown(room.link('a'))
  assert.is(room.outcome, undefined)
  const next = new FakeLink('a')
  room.recovery.onLinkUp(next)
  room.answer(next)
  assert.equal(room.outcome, [])
})

test('whoever does not answer is named when the time is over, and heard all the same later', () => {
  const room = new Room(['a', 'b'])
  room.answer(room.link('a'))
  room.recovery.sweep(LEDGER_MS_MAX - 1)
  assert.is(room.outcome, undefined)
  room.recovery.sweep(LEDGER_MS_MAX)
  assert.equal(room.outcome, ['b'])
  room.row(room.link('b'))
  assert.is(room.revived.length, 1)
})

test('a node is awaited until all of it has come, and as long as it is silent; one that is gone is not', () => {
  const room = new Room(['a', 'b'])
  room.recovery.onLedger(room.link('a'), { kind: 'ledger', handle: 0, service: 'web', term: TERM, rows: 1 })
  assert.ok(room.recovery.awaits('a') && room.recovery.awaits())
  room.recovery.onLedger(room.link('a'), { kind: 'passed', handle: 0, token: TOKEN })
  assert.equal([room.recovery.awaits('a'), room.recovery.awaits('b')], [false, true])
  room.recovery.sweep(LEDGER_MS_MAX)
  assert.ok(room.recovery.awaits(), 'also when it is complete without it')
  room.answer(room.link('b'))
  assert.not(room.recovery.awaits())
  const other = new Room(['a', 'b'])
  for (const node of ['a', 'b']) other.recovery.onGone(node)
  assert.not(other.recovery.awaits('a'), 'a node that is gone tells nothing')
})

test('one that is thought to be dead is asked where there is a link, and nobody waits for it; it may wake, unless its process has ended', () => {
  const room = new Room(['a'], ['a', 'still'])
  assert.equal(room.link('still').said, ['ask'])
  room.answer(room.link('a'))
  assert.equal(room.outcome, [])
  assert.equal([room.recovery.awaits('still'), room.recovery.mayWake('still')], [false, true])
  room.row(room.link('still'))
  assert.equal(room.revived.length, 1)
  room.answer(room.link('still'))
  assert.not(room.recovery.mayWake('still'), 'it has told all')
  const other = new Room(['a'], ['a'])
  other.ended.add('still')
  assert.not(other.recovery.mayWake('still'))
})

test('one with two lanes has not told all when the first has', () => {
  const room = new Room([], [])
  const lanes = [new FakeLink('still'), new FakeLink('still')] as const
  for (const lane of lanes) room.recovery.onLinkUp(lane)
  room.answer(lanes[0])
  assert.ok(room.recovery.mayWake('still'))
  room.answer(lanes[1])
  assert.not(room.recovery.mayWake('still'))
})

test('rows that nobody asked for, and those of other services and terms, mean nothing', () => {
  const room = new Room(['a'])
  const stranger = new FakeLink('x')
  room.row(stranger)
  room.row(room.link('a'), 'mail')
  assert.equal(room.revived, [])
  room.unserved(stranger)
  room.unserved(room.link('a'), 'mail')
  assert.equal(room.readmitted, [])
  room.unserved(room.link('a'))
  const other = { number: 8, holder: 'me' }
  room.recovery.onLedger(room.link('a'), { kind: 'ledger', handle: 0, service: 'web', term: other, rows: 0 })
  assert.equal(room.link('a').said, ['ask'])
  room.answer(room.link('a'))
  room.unserved(room.link('a'))
  assert.is(room.readmitted.length, 4, 'also when all was told')
})

test.run()
