import { AssertionFailure } from '../../src/base/assert.js'
import type { Alarm, AlarmClock } from '../../src/base/clock.js'
import { Driver } from '../../src/base/driver.io.js'
import type { Machine } from '../../src/base/machine.js'
import type { Millis } from '../../src/base/time.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('base/driver')

class FakeClock implements AlarmClock {
  time: Millis = 0
  deadline: Millis | undefined
  ring: () => void = () => {}

  now(): Millis {
    return this.time
  }
  wall(): Millis {
    return 0
  }
  alarm(ring: () => void): Alarm {
    this.ring = ring
    return { set: (deadline) => (this.deadline = deadline) }
  }
}

/** Echoes each event twice and wakes 10 ms later; a tick says so. */
class Echo implements Machine<string, string> {
  readonly #effects: string[] = []
  #deadline: Millis | undefined

  handle(event: string, now: Millis): void {
    if (event === 'broken') throw new Error('broken')
    this.#effects.push(`${event} 1`, `${event} 2`)
    this.#deadline = event === 'rest' ? undefined : now + 10
  }
  tick(now: Millis): void {
    this.#effects.push(`tick ${now}`)
    this.#deadline = undefined
  }
  poll(): string | undefined {
    return this.#effects.shift()
  }
  nextDeadline(): Millis | undefined {
    return this.#deadline
  }
}

function drive() {
  const clock = new FakeClock()
  const performed: string[] = []
  const driver = new Driver<string, string>(new Echo(), clock, (effect) => performed.push(effect))
  return { clock, driver, performed }
}

test('every effect of an event is performed, in order, before feed returns', () => {
  const { driver, performed } = drive()
  driver.feed('a')
  driver.feed('b')
  assert.equal(performed, ['a 1', 'a 2', 'b 1', 'b 2'])
})

test('the alarm follows the deadline: set, moved, turned off', () => {
  const { clock, driver } = drive()
  driver.feed('a')
  assert.is(clock.deadline, 10)
  clock.time = 5
  driver.feed('b')
  assert.is(clock.deadline, 15)
  driver.feed('rest')
  assert.is(clock.deadline, undefined)
})

test('the alarm ticks the machine, and its effects are performed', () => {
  const { clock, driver, performed } = drive()
  driver.feed('a')
  clock.time = 10
  clock.ring()
  assert.equal(performed.slice(2), ['tick 10'])
  assert.is(clock.deadline, undefined)
})

test('an effect that feeds its own machine is a broken invariant', () => {
  const clock = new FakeClock()
  const driver: Driver<string, string> = new Driver(new Echo(), clock, () => driver.feed('again'))
  assert.throws(
    () => driver.feed('a'),
    (error: unknown) => error instanceof AssertionFailure,
  )
})

test('an error of the machine reaches the caller and does not lock the driver', () => {
  const { driver, performed } = drive()
  assert.throws(() => driver.feed('broken'), 'broken')
  driver.feed('a')
  assert.equal(performed, ['a 1', 'a 2'])
})

test('an effect that failed is the last: what comes after may rely on it', () => {
  const clock = new FakeClock()
  const performed: string[] = []
  const driver = new Driver<string, string>(new Echo(), clock, (effect) => {
    if (effect === 'a 1') throw new Error('the disk is full')
    performed.push(effect)
  })
  assert.throws(() => driver.feed('a'), 'the disk is full')
  driver.feed('b')
  clock.ring()
  assert.equal(performed, [])
  assert.is(clock.deadline, undefined)
})

test('after stop nothing happens any more', () => {
  const { clock, driver, performed } = drive()
  driver.feed('a')
  driver.stop()
  assert.is(clock.deadline, undefined)
  driver.feed('b')
  clock.ring()
  assert.equal(performed, ['a 1', 'a 2'])
  assert.is(clock.deadline, undefined)
})

test('an effect may stop its driver', () => {
  const clock = new FakeClock()
  const driver: Driver<string, string> = new Driver(new Echo(), clock, () => driver.stop())
  driver.feed('a')
  assert.is(clock.deadline, undefined, 'a stopped driver has no alarm')
})

test.run()
