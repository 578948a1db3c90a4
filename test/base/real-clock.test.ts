import os from 'node:os'
import { realClock } from '../../src/base/real-clock.io.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('base/real-clock')

test('it never goes back', () => {
  const clock = realClock()
  let last = clock.now()
  for (let i = 0; i < 20_000; i++) {
    const now = clock.now()
    assert.ok(now >= last, `${now} after ${last}`)
    last = now
  }
})

test('it counts from the boot of the host', () => {
  assert.ok(Math.abs(realClock().now() - os.uptime() * 1000) < 1_000)
})

test('the wall clock is the wall clock', () => {
  assert.ok(Math.abs(realClock().wall() - Date.now()) < 1_000)
})

test('an alarm does not ring before its time', async (scope) => {
  const clock = realClock()
  const deadline = clock.now() + 20
  const rungAt = await new Promise<number>((resolve) => {
    const alarm = clock.alarm(() => resolve(clock.now()))
    scope.defer(() => alarm.set(undefined))
    alarm.set(deadline)
  })
  assert.ok(rungAt >= deadline, `${deadline - rungAt} ms too early`)
})

test('an alarm that was replaced rings once, at the later setting', async (scope) => {
  const clock = realClock()
  const start = clock.now()
  let rings = 0
  const alarm = clock.alarm(() => rings++)
  scope.defer(() => alarm.set(undefined))
  alarm.set(start + 5)
  alarm.set(start + 30)
  await reached(clock.now, start + 20)
  assert.is(rings, 0)
  await reached(clock.now, start + 60)
  assert.is(rings, 1)
})

test('the same deadline set again after it rang rings again', async (scope) => {
  const clock = realClock()
  const deadline = clock.now()
  for (let i = 0; i < 2; i++) {
    await new Promise<void>((resolve) => {
      const alarm = clock.alarm(resolve)
      scope.defer(() => alarm.set(undefined))
      alarm.set(deadline)
    })
  }
})

test('a clock that is slower than the timers is waited for', async (scope) => {
  let boottime = 0
  const clock = realClock(() => boottime++)
  const rungAt = await new Promise<number>((resolve) => {
    const alarm = clock.alarm(() => resolve(clock.now()))
    scope.defer(() => alarm.set(undefined))
    alarm.set(8)
  })
  assert.ok(rungAt > 8)
})

test('turned off, an alarm is silent and keeps no process alive', async () => {
  const clock = realClock()
  const start = clock.now()
  const alarm = clock.alarm(() => assert.unreachable('it rang'))
  alarm.set(start + 10)
  alarm.set(undefined)
  await reached(clock.now, start + 30)
  alarm.set(start + 1e12)
  alarm.set(undefined)
})

/** Until the clock itself, and with it every timer before, is past that time. */
async function reached(now: () => number, time: number): Promise<void> {
  while (now() < time) await new Promise((resolve) => setTimeout(resolve, 5))
}

test.run()
