import type { NodeId } from '../../../src/base/ids.js'
import { type HandoffMessage, PACKETS_BYTES_MAX } from '../../../src/handoff/messages.js'
import { MOVE_OUT_CONFIG } from '../../../src/handoff/move-out.js'
import type { Catcher } from '../../../src/node/addresses/address-keeper.js'
import { Moves } from '../../../src/node/moves/moves.js'
import { FakeClock } from '../../harness/fake-clock.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('node/moves/moves')
const { askMsMax, hushMsMax, serveMsMax, emptyMsMax, passMs } = MOVE_OUT_CONFIG
const packet = (length: number) => new Uint8Array(length)

class Room {
  readonly clock = new FakeClock()
  readonly said: string[] = []
  held = ['web']
  /** What the lanes say when all is out, or served. */
  out: () => void = () => {}
  served: () => void = () => {}
  keeps = true
  reachable = true
  pending = 0
  /** What is put off waits until `turn`. */
  isStill = false
  turn: () => void
  readonly coming: Uint8Array[] = []
  readonly moves: Moves
  readonly catcher: Catcher = {
    pending: () => this.pending,
    catchAll: () => this.said.push('catch all'),
    next: () => this.coming.shift(),
    welcome: () => this.said.push('welcome'),
    close: () => {
      this.said.push('close')
      return 0
    },
  }

  constructor(hasCatcher = true) {
    const later: (() => void)[] = []
    let turning = false
    this.turn = () => {
      turning = true
      for (let next = later.shift(); next !== undefined; next = later.shift()) next()
      turning = false
    }
    this.moves = new Moves({
      clock: this.clock,
      logger: {
        log: (_level, event, fields) =>
          event === 'packets-passed' && this.said.push(`passed ${fields?.['packets']}, lost ${fields?.['lost']}`),
      },
      directing: {
        names: () => this.held,
        mayMove: () => this.keeps,
        hush: (contest, then) => {
          this.said.push(`serve ${contest}`)
          this.served = then
        },
        moveOut: (contest, then) => {
          this.said.push(`out ${contest}`)
          this.out = then
        },
        moveBack: (contest) => this.said.push(`back ${contest}`),
      },
      addresses: {
        hush: (contest) => {
          this.said.push(`hush ${contest}`)
          return hasCatcher ? this.catcher : undefined
        },
      },
      transfer: (contest, to: NodeId) => {
        this.said.push(`transfer ${contest} to ${to}`)
        if (!this.reachable) return
        this.held = []
        this.moves.onLease(contest)
      },
      send: (to, message) => this.said.push(`${to}: ${textOf(message)}`),
      keep: (contest, packets) => packets.length > 0 && this.said.push(`keep ${packets.length} for ${contest}`),
      later: (run) => {
        later.push(run)
        if (!turning && !this.isStill) this.turn()
      },
    })
  }

  move(contest = 'web', mustGo = false): void {
    this.moves.move(contest, 'b', (outcome, why) => this.said.push(`= ${outcome}${why && `: ${why}`}`), mustGo)
  }

  /** As far as to where the address has left. */
  empty(): void {
    this.move()
    this.moves.onReady('b', 'web', '')
    this.clock.advanceTo(this.clock.now() + 1)
    this.served()
    this.said.length = 0
  }

  take(): string[] {
    return this.said.splice(0)
  }
}

function textOf(message: HandoffMessage): string {
  return message.kind === 'packets' ? `${message.packets.length} packets` : message.kind
}

test('asked, hushed, served, emptied, endorsed, passed on: each step when the one before is done', () => {
  const room = new Room()
  room.move()
  assert.equal(room.take(), ['b: can-you'])
  room.moves.onReady('c', 'web', '')
  assert.equal(room.take(), [], 'nobody asked that one')
  room.pending = 2
  room.moves.onReady('b', 'web', '')
  assert.equal(room.take(), ['hush web'])
  room.coming.push(packet(60))
  room.clock.advanceTo(5)
  assert.equal(room.take(), [], 'handshakes are under way')
  room.pending = 0
  room.clock.advanceTo(6)
  assert.equal(room.take(), ['serve web'])
  room.served()
  assert.equal(room.take(), ['catch all', 'out web'])
  room.coming.push(packet(1_000))
  room.clock.advanceTo(10)
  assert.equal(room.take(), [])
  room.out()
  assert.equal(room.take(), ['transfer web to b', 'b: 2 packets', '= handed-over'])
  room.coming.push(packet(60))
  room.clock.advanceTo(11)
  assert.equal(room.take(), ['b: 1 packets'])
  room.clock.advanceTo(10 + passMs)
  assert.equal(room.take(), ['close', 'passed 3, lost 0'])
})

test('a successor that cannot be endorsed: this node goes on with what it gave away, and hears what came meanwhile', () => {
  const room = new Room()
  room.reachable = false
  room.empty()
  room.coming.push(packet(60))
  room.out()
  assert.equal(room.take(), [
    'transfer web to b',
    'back web',
    'keep 1 for web',
    'close',
    '= refused: it cannot be endorsed now',
  ])
})

test('a successor that is not ready, or goes: nothing has left, and whoever waited is let in', () => {
  const room = new Room()
  room.move()
  room.moves.onReady('b', 'web', 'is leaving')
  assert.equal(room.take(), ['b: can-you', '= refused: it is leaving'])
  room.move()
  room.moves.onReady('b', 'web', '')
  room.coming.push(packet(60))
  room.moves.onPeerGone('c')
  room.moves.onPeerGone('b')
  assert.equal(room.take(), ['b: can-you', 'hush web', 'welcome', 'keep 1 for web', 'close', '= refused: it has gone'])
  room.move('web', true)
  room.moves.onReady('b', 'web', 'is leaving')
  assert.equal(room.take(), ['b: can-you', 'hush web'], 'a node that stops hands over all the same')
})

test('nothing to keep: the lease alone is handed over, at once', () => {
  const room = new Room()
  room.keeps = false
  room.move()
  assert.equal(room.take(), ['transfer web to b', '= handed-over'])
})

test('whoever is late, or never answers, holds nobody up for long; a late word then means nothing', () => {
  const room = new Room()
  room.move()
  room.pending = 1
  room.clock.advanceTo(askMsMax)
  assert.equal(room.take(), ['b: can-you', 'hush web'])
  room.clock.advanceTo(askMsMax + hushMsMax)
  assert.equal(room.take(), ['serve web'])
  const servedMs = askMsMax + hushMsMax + serveMsMax
  room.clock.advanceTo(servedMs)
  assert.equal(room.take(), ['catch all', 'out web'])
  room.served()
  room.clock.advanceTo(servedMs + emptyMsMax - 1)
  assert.equal(room.take(), [])
  room.clock.advanceTo(servedMs + emptyMsMax)
  assert.equal(room.take(), ['transfer web to b', '= handed-over'])
  room.out()
  assert.equal(room.take(), [])
})

test('where nothing can be caught it goes on without', () => {
  const room = new Room(false)
  room.move()
  room.moves.onReady('b', 'web', '')
  assert.equal(room.take(), ['b: can-you', 'hush web', 'out web'])
  room.out()
  assert.equal(room.take(), ['transfer web to b', '= handed-over'])
})

test('what is not held here, and what is moving already, is refused without a change', () => {
  const room = new Room()
  room.move('mail')
  room.move()
  assert.equal([room.moves.isUnderWay('mail'), room.moves.isUnderWay('web')], [false, true])
  room.move()
  assert.equal(room.take(), [
    '= not-here: this node does not direct it',
    'b: can-you',
    '= not-here: it is being moved already',
  ])
})

test('the lease is lost meanwhile: nothing is brought back; a new lease ends the passing on', () => {
  const room = new Room()
  room.empty()
  room.moves.onLease('web')
  assert.equal(room.take(), ['close', '= not-here: this node has lost the lease'])
  room.out()
  assert.equal(room.take(), [])
  room.empty()
  room.out()
  room.take()
  room.held = ['web']
  room.moves.onLease('web')
  assert.equal(room.take(), ['close'])
  room.coming.push(packet(60))
  room.clock.advanceTo(5_000)
  assert.equal(room.take(), [])
})

test('the lease is lost between the decision to endorse and the endorsement: nobody is endorsed, and nobody is said to be', () => {
  const room = new Room()
  room.empty()
  room.isStill = true
  room.out()
  // The sockets are empty, and the word of that is heard; the lease ends before the next turn.
  room.held = []
  room.moves.onLease('web')
  room.turn()
  assert.equal(room.take(), ['close', '= not-here: this node has lost the lease'])
  const bare = new Room()
  bare.keeps = false
  bare.isStill = true
  bare.move()
  // And this node has it again, in a new term: that one is not given away.
  bare.moves.onLease('web')
  bare.turn()
  assert.equal(bare.take(), ['= not-here: this node has lost the lease'])
})

test('it can be moved on while what comes for the move before is still passed on', () => {
  const room = new Room()
  room.empty()
  room.out()
  room.take()
  room.held = ['web']
  room.move()
  assert.equal(room.take(), ['close', 'b: can-you'])
})

test('what is caught is bounded, and goes in small shares', () => {
  const room = new Room()
  room.empty()
  for (let i = 0; i < 100; i++) room.coming.push(packet(60_000))
  room.out()
  const sent = room.take().filter((text) => text.startsWith('b: '))
  const packets = sent.map((text) => Number(text.split(' ')[1]))
  assert.is(
    packets.reduce((sum, count) => sum + count, 0),
    Math.floor((4 * 2 ** 20) / 60_000),
  )
  for (const count of packets) assert.ok(count * 60_000 <= PACKETS_BYTES_MAX)
  room.clock.advanceTo(10_000)
  assert.match(room.take().at(-1) ?? '', 'passed 69, lost 31')
})

test.run()
