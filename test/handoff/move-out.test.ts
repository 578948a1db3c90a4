/**
 * Every order of events, up to a length: what must hold of a move whatever fails, and at whatever step. The laws know nothing of the
 * machine's states; they look at what it was told and what it does.
 */
import type { Machine } from '../../src/base/machine.js'
import { MOVE_OUT_CONFIG, MoveOut, type MoveOutEffect, type MoveOutEvent } from '../../src/handoff/move-out.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('handoff/move-out', 20_000)

type Step = MoveOutEvent | { readonly type: 'time' }
type Word = MoveOutEffect['type'] | Step['type']

const STEPS: readonly Step[] = [
  { type: 'time' },
  { type: 'answered', why: '' },
  { type: 'answered', why: 'has no data link' },
  { type: 'met' },
  { type: 'quiet' },
  { type: 'emptied' },
  { type: 'endorsed' },
  { type: 'not-endorsed' },
  { type: 'successor-gone' },
  { type: 'lease-gone' },
]
const LENGTH = 6

const DONE_ONCE: readonly Word[] = [
  'ask',
  'hush',
  'serve',
  'empty',
  'endorse',
  'go-back',
  'welcome',
  'pass',
  'end',
  'answer',
]

type Mover = Machine<MoveOutEvent, MoveOutEffect>

/** What it was told and what it did, in order. Each event but the first is told only where somebody could tell it. */
function told(machine: Mover, steps: readonly Step[]): { trace: Word[]; answers: string[] } {
  const [trace, answers]: [Word[], string[]] = [[], []]
  let now = 0
  const drain = () => {
    for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) {
      trace.push(effect.type)
      if (effect.type === 'answer') answers.push(effect.outcome)
    }
  }
  for (const step of [{ type: 'begin', keeps: true } as const, ...steps]) {
    // An answer to what was not asked: only `endorse` is answered by whoever asks.
    if ((step.type === 'endorsed' || step.type === 'not-endorsed') && trace.at(-1) !== 'endorse') continue
    trace.push(step.type)
    if (step.type === 'time') {
      now = machine.nextDeadline() ?? now
      machine.tick(now)
    } else machine.handle(step, now)
    drain()
  }
  return { trace, answers }
}

/** Which laws are broken. */
function broken({ trace, answers }: ReturnType<typeof told>): string[] {
  const at = (word: Word) => trace.indexOf(word)
  const has = (word: Word) => at(word) >= 0
  const isEndorsed = has('endorsed')
  const after = isEndorsed ? trace.slice(at('endorsed')) : []
  const isOver = has('end')
  const hasLost = has('lease-gone') && (!isEndorsed || at('lease-gone') < at('endorsed'))
  const staysDark = has('empty') && !isEndorsed && !has('go-back') && !hasLost
  const staysHushed = has('hush') && !has('empty') && !has('welcome') && !hasLost
  const laws: Readonly<Record<string, boolean>> = {
    'does a thing twice': DONE_ONCE.some((word) => trace.filter((one) => one === word).length > 1),
    'goes on after the endorsement': after.some((word) => word === 'go-back' || word === 'welcome'),
    'welcomes clients at an address that is not here': has('empty') && has('welcome'),
    'brings back what never left': has('go-back') && !has('empty'),
    'goes on without the lease': has('go-back') && hasLost && at('lease-gone') < at('go-back'),
    'endorses before its sockets are empty': has('endorse') && (!has('empty') || at('endorse') < at('empty')),
    'empties before it has asked and hushed': has('empty') && !(has('hush') && at('ask') < at('hush')),
    'empties before those who came are served': has('empty') && !(has('serve') && at('serve') < at('empty')),
    'gives packets to one that is not endorsed': has('pass') && !isEndorsed,
    'says what is not so': answers.length > 0 && (answers[0] === 'handed-over') !== isEndorsed,
    'ends without an answer': isOver && !has('answer'),
    'leaves clients without an address': isOver && (staysDark || staysHushed),
    'goes on with a lease that it has lost': hasLost && !has('answer'),
    'does not go back': has('not-endorsed') && !has('go-back'),
  }
  return Object.keys(laws).filter((law) => laws[law])
}

function* sequences(length: number): Generator<readonly Step[]> {
  yield []
  if (length === 0) return
  for (const before of sequences(length - 1)) {
    if (before.length === length - 1) for (const step of STEPS) yield [...before, step]
  }
}

function firstBroken(make: () => Mover, isLooked = (_law: string) => true, length = LENGTH): string | undefined {
  for (const steps of sequences(length)) {
    const law = broken(told(make(), steps)).find(isLooked)
    if (law !== undefined) return `${law}: ${steps.map(({ type }) => type).join(', ')}`
  }
  return undefined
}

test(`no law is broken by any ${LENGTH} events in a row, failures at every step among them`, () => {
  assert.is(
    firstBroken(() => new MoveOut(false)),
    undefined,
  )
})

test('nor by a node that must go', () => {
  assert.is(
    firstBroken(() => new MoveOut(true)),
    undefined,
  )
})

test('left alone it ends by itself, wherever it stands', () => {
  for (const steps of sequences(LENGTH - 1)) {
    const machine = new MoveOut(false)
    const { trace } = told(machine, steps)
    for (let deadline = machine.nextDeadline(); deadline !== undefined; deadline = machine.nextDeadline()) {
      machine.tick(deadline)
      for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) trace.push(effect.type)
    }
    // `endorse` is answered at once by whoever performs it.
    assert.ok(trace.includes('end') || trace.includes('endorse'), steps.map(({ type }) => type).join(', '))
  }
})

/** A mover that does as told, but for one thing. */
class Bent implements Mover {
  readonly #inner = new MoveOut(false)
  readonly #more: MoveOutEffect[] = []

  constructor(
    private readonly on: Word,
    private readonly does: MoveOutEffect,
    private readonly hides?: Word,
  ) {}

  handle(event: MoveOutEvent, now: number): void {
    this.#inner.handle(event, now)
    if (event.type === this.on) this.#more.push(this.does)
  }

  tick(now: number): void {
    this.#inner.tick(now)
  }

  poll(): MoveOutEffect | undefined {
    const effect = this.#inner.poll()
    return effect === undefined ? this.#more.shift() : effect.type === this.hides ? this.poll() : effect
  }

  nextDeadline(): number | undefined {
    return this.#inner.nextDeadline()
  }
}

for (const [law, ...how] of [
  ['goes on after the endorsement', 'endorsed', { type: 'go-back' }],
  ['endorses before its sockets are empty', 'answered', { type: 'endorse' }],
  ['welcomes clients at an address that is not here', 'emptied', { type: 'welcome' }],
  ['brings back what never left', 'quiet', { type: 'go-back' }, 'empty'],
  ['goes on without the lease', 'lease-gone', { type: 'go-back' }],
  ['empties before it has asked and hushed', 'begin', { type: 'empty' }],
  ['empties before those who came are served', 'answered', { type: 'empty' }, 'serve'],
  ['gives packets to one that is not endorsed', 'quiet', { type: 'pass' }],
  ['says what is not so', 'emptied', { type: 'answer', outcome: 'handed-over', why: '' }],
  ['ends without an answer', 'quiet', { type: 'hush' }, 'answer'],
  ['leaves clients without an address', 'quiet', { type: 'hush' }, 'go-back'],
  ['goes on with a lease that it has lost', 'quiet', { type: 'hush' }, 'answer'],
  ['does not go back', 'quiet', { type: 'hush' }, 'go-back'],
  ['does a thing twice', 'quiet', { type: 'ask' }],
] as const) {
  test(`the law is seen to be broken: ${law}`, () => {
    const [on, does, hides] = how
    assert.match(
      firstBroken(
        () => new Bent(on, does, hides),
        (one) => one === law,
        5,
      ) ?? '',
      law,
    )
  })
}

function step(machine: MoveOut, event: MoveOutEvent, now = 0): string[] {
  machine.handle(event, now)
  const done: string[] = []
  for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) {
    done.push(effect.type === 'answer' ? `${effect.outcome}: ${effect.why}` : effect.type)
  }
  return done
}

test('a move that goes well', () => {
  const machine = new MoveOut(false)
  assert.equal(step(machine, { type: 'begin', keeps: true }), ['ask'])
  assert.equal(step(machine, { type: 'answered', why: '' }), ['hush'])
  assert.equal(step(machine, { type: 'met' }), ['serve'])
  assert.equal(step(machine, { type: 'quiet' }), ['empty'])
  assert.equal(step(machine, { type: 'emptied' }), ['endorse'])
  assert.equal(step(machine, { type: 'endorsed' }, 100), ['pass', 'handed-over: '])
  assert.not(machine.isUnderWay)
  assert.is(machine.nextDeadline(), 100 + MOVE_OUT_CONFIG.passMs)
  machine.tick(100 + MOVE_OUT_CONFIG.passMs)
  assert.equal(machine.poll(), { type: 'end' })
})

test('handshakes are waited for, and then those that were accepted, each for as long as is theirs', () => {
  const machine = new MoveOut(false)
  step(machine, { type: 'begin', keeps: true })
  step(machine, { type: 'answered', why: '' })
  machine.tick(MOVE_OUT_CONFIG.hushMsMax)
  assert.equal(machine.poll(), { type: 'serve' })
  machine.tick(MOVE_OUT_CONFIG.hushMsMax + MOVE_OUT_CONFIG.serveMsMax - 1)
  assert.is(machine.poll(), undefined)
  assert.equal(step(machine, { type: 'successor-gone' }, 1_000), ['welcome', 'end', 'refused: it has gone'])
})

test('what cannot go along is handed over at once; who does not answer in time is taken for ready', () => {
  assert.equal(step(new MoveOut(false), { type: 'begin', keeps: false }), ['endorse'])
  const machine = new MoveOut(false)
  step(machine, { type: 'begin', keeps: true })
  machine.tick(MOVE_OUT_CONFIG.askMsMax - 1)
  assert.is(machine.poll(), undefined)
  machine.tick(MOVE_OUT_CONFIG.askMsMax)
  assert.equal(machine.poll(), { type: 'hush' })
})

test('a successor that cannot, that goes, or that is not endorsed: this node goes on; one that must go goes all the same', () => {
  const refused = new MoveOut(false)
  step(refused, { type: 'begin', keeps: true })
  assert.equal(step(refused, { type: 'answered', why: 'is leaving' }), ['end', 'refused: is leaving'])
  const must = new MoveOut(true)
  step(must, { type: 'begin', keeps: true })
  assert.equal(step(must, { type: 'answered', why: 'is leaving' }), ['hush'])
  assert.equal(step(must, { type: 'successor-gone' }), ['welcome', 'end', 'refused: it has gone'])
  const late = new MoveOut(false)
  const begin = { type: 'begin', keeps: true } as const
  for (const event of [begin, { type: 'answered', why: '' }, { type: 'met' }, { type: 'quiet' }] as const)
    step(late, event)
  assert.equal(step(late, { type: 'successor-gone' }), ['go-back', 'end', 'refused: it has gone'])
})

test.run()
