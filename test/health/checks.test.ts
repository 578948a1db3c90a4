/** Checks on a clock of the test's own: every run is seen, and answered when the test wants. */
import { Prng } from '../../src/base/prng.js'
import { Checks, TARGETS_MAX } from '../../src/health/checks.js'
import type { CheckEffect, Target } from '../../src/health/ports.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('health/checks')
const EVERY = 2_000

interface Program {
  isGood: boolean
  /** Until a check answers; above the limit it never does. */
  takesMs: number
}

class World {
  now = 1_000
  readonly checks: Checks<Target>
  readonly programs = new Map<string, Program>()
  readonly ran: { key: string; at: number }[] = []
  running = 0
  runningMost = 0
  changes = 0
  #answers: { at: number; run: number; isGood: boolean; words: string }[] = []

  constructor(
    seed: number,
    private readonly limits: Partial<Target> = {},
    runningMax = 32,
  ) {
    this.checks = new Checks(new Prng(seed), runningMax)
  }

  targets(...keys: readonly string[]): void {
    for (const key of keys) if (!this.programs.has(key)) this.programs.set(key, { isGood: true, takesMs: 5 })
    const targets = keys.map((key): Target => {
      return { key, everyMs: EVERY, timeoutMs: 1_000, rise: 2, fall: 3, initial: 'starting', ...this.limits }
    })
    this.checks.handle({ type: 'targets', targets }, this.now)
    this.#drain()
  }

  state(key: string): string {
    const row = this.checks.rows().find(({ target }) => target.key === key)
    return row === undefined ? 'gone' : `${row.state} ${row.words}`.trim()
  }

  run(ms: number): void {
    const end = this.now + ms
    for (;;) {
      const answer = this.#answers.reduce<number>((at, one) => Math.min(at, one.at), Number.POSITIVE_INFINITY)
      const next = Math.min(answer, this.checks.nextDeadline() ?? Number.POSITIVE_INFINITY)
      if (next > end) break
      assert.ok(next >= this.now || next === answer, 'time goes on')
      this.now = Math.max(this.now, next)
      const due = this.#answers.filter(({ at }) => at <= this.now)
      this.#answers = this.#answers.filter(({ at }) => at > this.now)
      for (const { run, isGood, words } of due) {
        this.running--
        this.checks.handle({ type: 'result', run, isGood, words }, this.now)
        this.#drain()
      }
      this.checks.tick(this.now)
      this.#drain()
    }
    this.now = end
  }

  #drain(): void {
    for (let effect = this.checks.poll(); effect !== undefined; effect = this.checks.poll()) this.#perform(effect)
  }

  #perform(effect: CheckEffect<Target>): void {
    if (effect.type === 'changed') {
      this.changes++
      return
    }
    const { run, target } = effect
    const { isGood, takesMs } = this.programs.get(target.key) ?? { isGood: false, takesMs: 0 }
    this.ran.push({ key: target.key, at: this.now })
    this.running++
    this.runningMost = Math.max(this.runningMost, this.running)
    if (takesMs > target.timeoutMs) return
    this.#answers.push({ at: this.now + takesMs, run, isGood, words: isGood ? 'fine' : 'no \u001b[2J good\nat all' })
  }
}

test('a program that fails its checks is out within interval × fall and one limit; and back by rise', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const world = new World(seed)
    world.targets('a')
    world.run(3_000 + seed * 7)
    assert.is(world.state('a'), 'healthy fine')
    const program = world.programs.get('a') as Program
    program.isGood = false
    const failedAt = world.now
    while (world.state('a').startsWith('healthy')) {
      world.run(10)
      assert.ok(world.now - failedAt <= 1.1 * EVERY * 3 + 10 + program.takesMs, `SEED=${seed}`)
    }
    assert.is(world.state('a'), 'unhealthy no  [2J good at all')
    const bad = world.ran.filter(({ at }) => at >= failedAt).length
    assert.is(bad, 3)
    program.isGood = true
    world.run(1.1 * EVERY * 2 + 10)
    assert.is(world.state('a'), 'healthy fine')
  }
})

test('checks are jittered around their interval, and one of a target runs at a time', () => {
  const world = new World(3)
  world.targets('a')
  world.run(100 * EVERY)
  const gaps = world.ran.slice(1).map(({ at }, i) => at - (world.ran[i]?.at ?? 0))
  assert.ok(gaps.every((gap) => gap >= 0.9 * EVERY - 1 && gap <= 1.1 * EVERY + 1))
  assert.ok(Math.max(...gaps) - Math.min(...gaps) > 0.1 * EVERY, 'jitter')
  assert.is(world.runningMost, 1)
})

test('a check that never answers has failed, and the next goes on', () => {
  const world = new World(5)
  world.targets('a')
  world.run(3_000)
  const program = world.programs.get('a') as Program
  program.takesMs = Number.POSITIVE_INFINITY
  world.run(20_000)
  assert.is(world.state('a'), 'unhealthy no answer within 1000 ms')
  program.takesMs = 1
  world.run(10_000)
  assert.is(world.state('a'), 'healthy fine')
})

test('many are checked a few at a time, and none is forgotten', () => {
  const world = new World(11, {}, 4)
  const keys = Array.from({ length: 50 }, (_, i) => `p${i}`)
  world.targets(...keys)
  world.run(10 * EVERY)
  assert.is(world.runningMost, 4)
  for (const key of keys) {
    const times = world.ran.filter((one) => one.key === key).length
    assert.ok(times >= 9, `${key} was checked ${times} times`)
  }
})

test('what is gone is forgotten, what is new begins anew, and the answer of the old one is nobody’s', () => {
  const world = new World(13)
  world.targets('a', 'b')
  world.run(3_000)
  world.targets('b')
  assert.is(world.state('a'), 'gone')
  world.targets('a', 'b')
  assert.is(world.state('a'), 'starting')
  assert.is(world.state('b'), 'healthy fine')
  world.run(300)
  assert.is(world.state('a'), 'healthy fine')
})

test('only news is told: a hundred good checks are none', () => {
  const world = new World(17)
  world.targets('a')
  world.run(300)
  const before = world.changes
  world.run(100 * EVERY)
  assert.is(world.changes, before)
})

test('more than are checked are left out', () => {
  const world = new World(19)
  world.targets(...Array.from({ length: TARGETS_MAX + 5 }, (_, i) => `p${i}`))
  assert.is(world.checks.rows().length, TARGETS_MAX)
})

test.run()
