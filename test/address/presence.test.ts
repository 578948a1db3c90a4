import { ADDRESS_CONFIG as CONFIG } from '../../src/address/config.js'
import type { Interface } from '../../src/address/ports.js'
import { Presence, type PresenceEffect, type PresenceEvent } from '../../src/address/presence.js'
import { Prng } from '../../src/base/prng.js'
import { assert, suite } from '../harness/suite.js'
import { card } from './cards.js'

const test = suite('address/presence')
const [IP, IP6] = ['10.0.0.100', 'fd00::100']
const RIVAL = '02:00:00:00:00:99'
const [ETH0, ETH1] = [card(1, ['10.0.0.1/24', 'fd00::1/64']), card(2, ['10.1.0.1/24'])]

class Room {
  now = 0
  readonly said: string[] = []
  readonly presence = new Presence(CONFIG, new Prng(1))

  constructor(...cards: Interface[]) {
    this.feed({ type: 'interfaces', interfaces: cards })
  }

  feed(event: PresenceEvent): void {
    this.presence.handle(event, this.now)
    this.#drain()
  }

  hears(kind: 'claim' | 'question', address: string, on = 1, mac = RIVAL): void {
    const heard = kind === 'claim' ? { kind, address, mac } : { kind, address, mac, asker: '10.0.0.7' }
    this.feed({ type: 'heard', index: on, heard })
  }

  /** To the next deadline, as often as one comes within that time. */
  wait(ms: number): void {
    const end = this.now + ms
    for (let next = this.presence.nextDeadline(); next !== undefined && next <= end; ) {
      this.now = next
      this.presence.tick(this.now)
      this.#drain()
      next = this.presence.nextDeadline()
    }
    this.now = end
  }

  /** What was done since the last question. */
  take(): string[] {
    return this.said.splice(0)
  }

  #drain(): void {
    for (let effect = this.presence.poll(); effect !== undefined; effect = this.presence.poll())
      this.said.push(told(effect))
  }
}

function told(effect: PresenceEffect): string {
  if (effect.type === 'say') return `${effect.said.kind} ${effect.index}`
  if (effect.type === 'probed') return `probed: ${effect.rival?.mac ?? 'free'}, asked ${effect.asked}`
  if (effect.type === 'rival') return `rival ${effect.rival.mac} on ${effect.rival.interface}, ${effect.times}`
  return `announced on ${effect.places.join()}`
}

test('an address is asked for twice before it is called free', () => {
  const room = new Room(ETH0, ETH1)
  room.feed({ type: 'probe', address: IP, places: [] })
  assert.equal(room.take(), ['probe 1'])
  room.wait(CONFIG.probeAgainMs)
  assert.equal(room.take(), ['probe 1'])
  room.wait(CONFIG.probeWaitMs)
  assert.equal(room.take(), ['probed: free, asked 1'])
})

test('who answers the second question has it; who answered only the first has given it up meanwhile', () => {
  for (const [answersAt, verdict] of [
    [1, 'free'],
    [CONFIG.probeAgainMs + 1, RIVAL],
  ] as const) {
    const room = new Room(ETH0)
    room.feed({ type: 'probe', address: IP, places: [] })
    room.wait(answersAt)
    room.hears('claim', IP)
    room.wait(1_000)
    assert.is(room.take().at(-1), `probed: ${verdict}, asked 1`)
  }
})

test('where nobody can be asked the answer comes at once, and says so', () => {
  const room = new Room(ETH1)
  room.feed({ type: 'probe', address: IP, places: [] })
  room.wait(0)
  assert.equal(room.take(), ['probed: free, asked 0'])
})

test('a held address is told of at once, again, and then on and on', () => {
  const room = new Room(ETH0)
  room.feed({ type: 'hold', address: IP, places: [] })
  assert.equal(room.take(), ['announcement 1', 'announced on eth1'])
  room.wait(CONFIG.announceAfterMs.at(-1) ?? 0)
  assert.is(room.take().length, CONFIG.announceAfterMs.length - 1)
  room.wait(5.6 * CONFIG.refreshMs)
  assert.is(room.take().length, 5)
  room.feed({ type: 'drop', address: IP })
  room.wait(10 * CONFIG.refreshMs)
  assert.equal(room.take(), [])
})

test('a cable that is in again, and an interface that comes, hear of it as if it were new', () => {
  const unplugged = { ...ETH0, isUsable: false }
  const room = new Room(ETH0)
  room.feed({ type: 'hold', address: IP, places: [] })
  room.wait(10_000)
  room.take()
  room.feed({ type: 'interfaces', interfaces: [unplugged] })
  assert.equal(room.take(), [])
  room.feed({ type: 'interfaces', interfaces: [ETH0] })
  assert.equal(room.take(), ['announcement 1', 'announced on eth1'])
  room.feed({ type: 'interfaces', interfaces: [ETH0, ETH1] })
  assert.equal(room.take(), [], 'it does not belong there')
  room.feed({ type: 'interfaces', interfaces: [{ ...ETH0, mac: '02:00:00:00:55:55' }, ETH1] })
  assert.equal(room.take(), ['announcement 1', 'announced on eth1'], 'it has another link address')
})

test('the kernel answers ARP, unless it was told not to; neighbour solicitations are always answered here', () => {
  const asks = (address: string, ...cards: Interface[]) => {
    const room = new Room(...cards)
    room.hears('question', address)
    assert.equal(room.take(), [], 'it is not held')
    room.feed({ type: 'hold', address, places: [] })
    room.take()
    room.hears('question', address)
    return room.take()
  }
  assert.equal(asks(IP, ETH0), [])
  assert.equal(asks(IP, { ...ETH0, ignoresArp: true }), ['answer 1'])
  assert.equal(asks(IP6, ETH0), ['answer 1'])
})

test('answers are given only where the address is told of, and not without bound', () => {
  const room = new Room(ETH0, ETH1)
  room.feed({ type: 'hold', address: IP6, places: [] })
  room.take()
  room.hears('question', IP6, 2)
  assert.equal(room.take(), [])
  for (let i = 0; i < CONFIG.answersPerSecond + 10; i++) room.hears('question', IP6)
  assert.is(room.take().length, CONFIG.answersPerSecond)
  room.wait(1_000)
  room.take()
  room.hears('question', IP6)
  assert.equal(room.take(), ['answer 1'])
})

test('a rival is told of once in a while, with how often, and everybody hears again where the address is', () => {
  const room = new Room(ETH0)
  room.feed({ type: 'hold', address: IP, places: [] })
  room.take()
  for (let i = 0; i < 5; i++) room.hears('claim', IP)
  assert.equal(room.take(), [`rival ${RIVAL} on eth1, 1`, 'announcement 1'])
  room.wait(CONFIG.rivalEveryMs)
  room.take()
  room.hears('claim', IP)
  assert.equal(room.take(), [`rival ${RIVAL} on eth1, 5`, 'announcement 1'])
})

test('what this host has said itself, given back by a switch, is no rival', () => {
  const room = new Room(ETH0, ETH1)
  room.feed({ type: 'hold', address: IP, places: [] })
  room.take()
  for (const { mac } of [ETH0, ETH1]) room.hears('claim', IP, 1, mac)
  assert.equal(room.take(), [])
})

test.run()
