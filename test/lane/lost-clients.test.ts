/** When a client of the director before counts as lost: who may still tell of it, and for how long. */
import type { Rebuilder } from '../../src/lane/frozen-socket.js'
import { LostClients } from '../../src/lane/lost-clients.js'
import type { FromLane } from '../../src/proxy/lane-protocol.js'
import type { MortalFrame } from '../../src/proxy/ledger-frames.js'
import { assert, suite } from '../harness/suite.js'
import { fakeContext } from './fake-context.js'
import { A } from './link-under-test.js'

const test = suite('lane/lost-clients')
const TERM = { number: 2, holder: A }
const CLIENT = { address: '192.0.2.1', port: 40_000 }
const DESTINATION = { address: '10.0.0.100', port: 80 }

/** A director of which another node, `it`, was the last one, and had both halves of a splice. */
class Room {
  isAwaited = false
  isOpen = false
  mayWake = true
  readonly asked: string[] = []
  readonly heard: string[] = []
  readonly lost: LostClients

  constructor() {
    const rebuilder = {
      tap: () => ({ send: (to: string) => this.asked.push(to), close: () => {} }),
      unread: () => 0,
      isTaken: () => false,
    } as unknown as Rebuilder
    const isOpen = () => this.isOpen
    const post = (message: FromLane) => void this.heard.push(message.type)
    const context = { ...fakeContext({ now: 0, sockets: {} as never, post }, A), rebuilder }
    const recovery = {
      awaits: () => this.isAwaited,
      mayWake: (node: string) => node === 'it' && this.mayWake,
      get isOpen() {
        return isOpen()
      },
    }
    const service = { name: 'web', address: DESTINATION.address }
    this.lost = new LostClients({ service, term: TERM, begunAt: 0, recovery, isSettled: true }, context, [], () => [])
    const frame = { client: CLIENT, destination: DESTINATION, host: 'it', isOver: false }
    this.lost.onMortal(frame as MortalFrame)
    this.lost.letGo(0)
  }

  sweep(now: number): { asked: number; known: boolean } {
    this.lost.sweep(now, [])
    return { asked: this.asked.length, known: this.heard.includes('known') }
  }
}

test('of a node that is thought to be dead, and may only stand still: waited for, with the guard, for three seconds', () => {
  const room = new Room()
  assert.equal(room.sweep(100), { asked: 0, known: false })
  assert.equal(room.sweep(2_999), { asked: 0, known: false })
  assert.equal(room.sweep(3_000), { asked: 1, known: true })
})

test('it wakes and tells: nobody is lost', () => {
  const room = new Room()
  room.sweep(100)
  room.lost.onTold({ client: CLIENT, destination: DESTINATION }, false)
  room.mayWake = false
  assert.equal(room.sweep(1_000), { asked: 0, known: true })
  assert.equal(room.sweep(4_000), { asked: 0, known: true })
})

test('its process has ended, or it has told all without this one: lost at once', () => {
  const room = new Room()
  room.mayWake = false
  assert.equal(room.sweep(100), { asked: 1, known: true })
})

test('of a node that lives: as long as it is awaited, and half a minute at most', () => {
  const room = new Room()
  room.isAwaited = true
  assert.equal(room.sweep(29_999), { asked: 0, known: false })
  assert.equal(room.sweep(30_000), { asked: 1, known: true })
})

test('whoever was asked may have clients of which nobody else knows: the guard stays for three seconds', () => {
  const room = new Room()
  room.mayWake = false
  room.isOpen = true
  assert.equal(room.sweep(2_999), { asked: 1, known: false })
  assert.equal(room.sweep(3_000), { asked: 1, known: true })
  const other = new Room()
  other.lost.onTold({ client: CLIENT, destination: DESTINATION }, false)
  other.isOpen = true
  assert.is(other.sweep(100).known, false)
  other.isOpen = false
  assert.is(other.sweep(200).known, true)
})

test('told of, and not to be rebuilt: lost at once, whoever may wake', () => {
  const room = new Room()
  room.lost.onTold({ client: CLIENT, destination: DESTINATION }, true)
  assert.is(room.sweep(100).asked, 1)
})

test.run()
