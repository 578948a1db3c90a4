/** One node's view of a program that runs once: every step of it, and each rule that keeps two from running. */
import type { HostingEffect, HostingEvent, HostingRules, Remains } from '../../src/hosting/ports.js'
import { FENCE_MARGIN_MS, Tenancy } from '../../src/hosting/tenancy.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('hosting/tenancy')
const LEASE_MS = 1_000
const RULES: HostingRules = {
  isRun: true,
  startMs: 5_000,
  stopMs: 2_000,
  holdMs: 3_000,
  restartAttempts: 1,
  failureThreshold: 3,
  failureIntervalMs: 60_000,
}
/** As long as whatever ran before may need to be gone. */
const CLEAR_MS = LEASE_MS + 1.01 * (RULES.holdMs + RULES.stopMs) + FENCE_MARGIN_MS

class Script {
  now = 10_000
  readonly tenancy: Tenancy

  constructor(rules: Partial<HostingRules> = {}, remains?: Remains) {
    this.tenancy = new Tenancy({ ...RULES, ...rules }, LEASE_MS, remains)
  }

  /** What follows, without the news that something has changed. */
  feed(event: HostingEvent): string[] {
    this.tenancy.handle(event, this.now)
    return this.#drained()
  }

  after(ms: number): string[] {
    this.now += ms
    this.tenancy.tick(this.now)
    return this.#drained()
  }

  lease(term: number): string[] {
    return this.feed({ type: 'lease', term, deadline: this.now + 900 })
  }

  done(verb: 'start' | 'stop', isGood = true, words = ''): string[] {
    return this.feed({ type: 'done', verb, isGood, words })
  }

  others(stoppedTerm: number, more: object = {}): string[] {
    return this.feed({ type: 'others', others: { stoppedTerm, stopMs: 0, isAnybody: true, ...more } })
  }

  get state(): string {
    return `${this.tenancy.state ?? 'idle'} ${this.tenancy.term}`
  }

  #drained(): string[] {
    const effects: string[] = []
    for (let effect = this.tenancy.poll(); effect !== undefined; effect = this.tenancy.poll()) {
      if (effect.type !== 'changed') effects.push(textOf(effect, this.now))
    }
    return effects
  }
}

function textOf(effect: HostingEffect, now: number): string {
  if (effect.type === 'until') return `until +${effect.deadline - now}`
  if (effect.type === 'give')
    return `give ${effect.to ?? 'next'}${effect.unableMs > 0 ? `, out for ${effect.unableMs}` : ''}`
  return effect.type
}

/** It runs here in that term. */
function active(term = 1, rules: Partial<HostingRules> = {}): Script {
  const script = new Script(rules)
  script.others(term - 1)
  script.lease(term)
  script.done('start')
  assert.is(script.state, `active ${term}`)
  return script
}

test('the first term begins at once, guarded before it runs; each renewal lets it run on', () => {
  const script = new Script()
  assert.equal(script.lease(1), ['until +3900', 'start'])
  assert.is(script.state, 'starting 1')
  script.done('start')
  assert.is(script.state, 'active 1')
  script.now += 250
  assert.equal(script.lease(1), ['until +3900'])
})

test('a later term waits for as long as anything before it may run, unless the term before is known to have ended', () => {
  const script = new Script()
  assert.equal(script.lease(5), [])
  script.others(3)
  assert.is(script.state, 'waiting 5')
  // Renewed all the time.
  for (let waited = 250; waited < CLEAR_MS; waited += 250) {
    script.now += 250
    assert.equal(script.lease(5), [], `${waited} ms`)
  }
  script.now += 250
  assert.equal(script.lease(5), ['until +3900', 'start'])

  const told = new Script()
  told.lease(5)
  assert.equal(told.others(4), ['until +3900', 'start'])
})

test('it waits for the longest stop that anybody has told of', () => {
  const script = new Script()
  script.others(0, { stopMs: 60_000 })
  script.lease(5)
  script.now += 50_000
  assert.equal(script.lease(5), [])
  script.now += 15_000
  assert.equal(script.lease(5), ['until +3900', 'start'])
})

test('nothing is begun on a lease that is over', () => {
  const script = new Script()
  script.lease(5)
  assert.equal(script.after(CLEAR_MS + 1), [])
  assert.equal(script.lease(5), ['until +3900', 'start'])
})

test('a lease that comes back within the hold changes nothing; later, what its guard has stopped begins anew, by the rule', () => {
  const script = active()
  script.now += 500
  script.feed({ type: 'lease-lost' })
  assert.is(script.state, 'active 1')
  script.now += 2_000
  assert.equal(script.lease(4), ['until +3900'])
  assert.is(script.state, 'active 4')

  script.feed({ type: 'lease-lost' })
  script.now += 4_000
  assert.equal(script.lease(7), ['stop'], 'another may have begun meanwhile')
  script.feed({ type: 'fenced', isGood: true, words: '' })
  assert.is(script.state, 'waiting 7')
  assert.equal(script.others(4), [], 'its own stop says nothing of the terms between')
  assert.equal(script.others(6), ['until +3900', 'start'])
})

test('whoever never began says that the term is over only where it knew that nothing ran before', () => {
  const unclear = new Script()
  unclear.lease(5)
  unclear.feed({ type: 'lease-lost' })
  assert.is(unclear.state, 'idle 0')
  const clear = new Script()
  clear.feed({ type: 'obstacle', why: 'waits for db' })
  clear.lease(1)
  assert.is(clear.state, 'waiting 1')
  clear.feed({ type: 'lease-lost' })
  assert.is(clear.state, 'stopped 1')
})

test('relocated it is stopped first, and nothing is begun while the lease is given away', () => {
  const script = active()
  assert.equal(script.feed({ type: 'relocate', to: 'b', why: '' }), ['stop'])
  assert.equal(script.lease(1), ['until +3900'])
  assert.equal(script.done('stop'), ['give b'])
  assert.equal(script.lease(1), [])
  script.feed({ type: 'lease-lost' })
  assert.is(script.state, 'stopped 1')
})

test('a lease that nobody took is acted on again', () => {
  const script = active()
  script.feed({ type: 'relocate', to: 'b', why: '' })
  script.done('stop')
  script.now += 2_001
  assert.equal(script.lease(1), ['until +3900', 'start'])
})

test('what cannot be stopped keeps its lease, and is tried again when it is asked for', () => {
  const script = active()
  script.feed({ type: 'relocate', to: 'b', why: '' })
  assert.equal(script.done('stop', false, 'it hangs'), [])
  assert.is(script.state, 'unknown 1')
  assert.is(script.tenancy.words(script.now), 'it hangs')
  assert.equal(script.feed({ type: 'relocate', to: 'b', why: '' }), ['stop'])
  assert.equal(script.done('stop'), ['give b'])
})

test('it fails: once more here, then the next node; too often, and this node keeps out', () => {
  const script = active()
  script.others(0)
  assert.equal(script.feed({ type: 'health', isGood: false, words: 'ill' }), ['stop'])
  assert.equal(script.done('stop'), ['until +3900', 'start'])
  assert.equal(script.done('start', false, 'no room'), ['stop'])
  assert.equal(script.done('stop'), ['give next, out for 10000'])
  script.feed({ type: 'lease-lost' })
  script.others(2)
  script.lease(3)
  script.done('start')
  script.feed({ type: 'health', isGood: false, words: 'ill' })
  assert.equal(script.done('stop'), ['give next, out for 60000'])
})

test('alone it is tried again and again, more and more slowly', () => {
  const script = active(1, { failureThreshold: 0 })
  script.others(0, { isAnybody: false })
  const waits: number[] = []
  script.feed({ type: 'health', isGood: false, words: 'ill' })
  for (let i = 0; i < 5; i++) {
    let effects = script.done('stop')
    const begun = script.now
    while (!effects.includes('start')) {
      script.now += 100
      effects = script.lease(1)
    }
    waits.push(script.now - begun)
    script.done('start', false, 'no room')
  }
  assert.equal(waits, [0, 1_000, 2_000, 4_000, 8_000])
})

test('a program that listens no more has failed, after a second; a reload has not', () => {
  const script = active()
  for (const isThere of [true, false]) script.feed({ type: 'listening', isThere })
  assert.equal(script.after(900), [])
  script.feed({ type: 'listening', isThere: true })
  script.feed({ type: 'listening', isThere: false })
  assert.is(script.tenancy.nextDeadline(), script.now + 1_000)
  assert.equal(script.after(1_001), ['stop'])
})

test('without a program of ours there is nothing to stop or to wait for', () => {
  const script = new Script({ isRun: false })
  assert.equal(script.lease(7), [])
  assert.is(script.state, 'active 7')
  script.feed({ type: 'lease-lost' })
  assert.is(script.state, 'stopped 7')
})

test('what an earlier process left: guarded it runs on, unguarded it is stopped first', () => {
  const guarded = new Script({}, { term: 4, state: 'running', until: 12_000 })
  assert.is(guarded.state, 'active 4')
  assert.equal(guarded.lease(6), ['until +3900'])
  const lost = new Script({}, { term: 4, state: 'unknown' })
  assert.equal(lost.feed({ type: 'obstacle', why: '' }), ['stop'])
  lost.done('stop')
  assert.is(lost.state, 'stopped 4')
  assert.is(new Script({}, { term: 4, state: 'stopped' }).state, 'stopped 4')
})

test('a service that is removed is stopped, and never begun again', () => {
  const script = active()
  assert.equal(script.feed({ type: 'end' }), ['stop'])
  assert.equal(script.done('stop'), ['give next'])
  script.now += 5_000
  assert.equal(script.lease(1), [])
})

test.run()
