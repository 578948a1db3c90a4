/** How often an answer is made that many want. */
import { Shared } from '../../src/page/shared.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('page/shared')

function room() {
  const world = { now: 0 }
  const making: { done: (answer: number) => void; failed: (why: Error) => void }[] = []
  const shared = new Shared<number>(
    () => new Promise((done, failed) => void making.push({ done, failed })),
    () => world.now,
  )
  return { world, making, shared }
}

test('once for who asks within 900 ms, and anew for who asks later', async () => {
  const { world, making, shared } = room()
  const first = shared.get()
  making[0]?.done(1)
  await first
  world.now = 900
  assert.is(await shared.get(), 1)
  world.now = 901
  const second = shared.get()
  making[1]?.done(2)
  assert.equal([await second, making.length], [2, 2])
})

test('one that takes long is not begun again beside itself', async () => {
  const { world, making, shared } = room()
  const first = shared.get()
  world.now = 5_000
  const second = shared.get()
  assert.is(making.length, 1)
  making[0]?.done(1)
  assert.equal([await first, await second], [1, 1])
  void shared.get()
  assert.is(making.length, 2)
})

test('a failure is heard by who waited for it alone', async () => {
  const { making, shared } = room()
  const heard = [shared.get(), shared.get()].map((one) => one.catch((error: Error) => error.message))
  making[0]?.failed(new Error('no answer'))
  assert.equal(await Promise.all(heard), ['no answer', 'no answer'])
  const next = shared.get()
  making[1]?.done(2)
  assert.is(await next, 2)
})

test.run()
