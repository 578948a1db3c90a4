import type { Endpoint } from '../../src/base/address.js'
import type { Alarm, AlarmClock } from '../../src/base/clock.js'
import { type Logger, silentLogger } from '../../src/base/log.js'
import { Prng } from '../../src/base/prng.js'
import type { Millis } from '../../src/base/time.js'
import { type Resolve, SeedSource } from '../../src/gossip/discovery/seeds.io.js'
import { formatSeed, parseSeed, type Seed } from '../../src/gossip/discovery/seeds.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('gossip/seeds')

class FakeClock implements AlarmClock {
  #now: Millis = 0
  readonly #alarms: { at: Millis | undefined; ring: () => void }[] = []

  now(): Millis {
    return this.#now
  }

  wall(): Millis {
    return this.#now
  }

  alarm(ring: () => void): Alarm {
    const alarm: { at: Millis | undefined; ring: () => void } = { at: undefined, ring }
    this.#alarms.push(alarm)
    return {
      set: (deadline) => {
        alarm.at = deadline
      },
    }
  }

  get waiting(): boolean {
    return this.#alarms.some(({ at }) => at !== undefined)
  }

  /** Rings what is due until then, and lets promises settle in between. */
  async run(until: Millis): Promise<void> {
    for (;;) {
      const due = this.#alarms
        .filter(({ at }) => at !== undefined && at <= until)
        .sort((a, b) => Number(a.at) - Number(b.at))
      const next = due[0]
      if (next?.at === undefined) break
      this.#now = next.at
      next.at = undefined
      next.ring()
      await settle()
    }
    this.#now = until
    await settle()
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function seedOf(text: string): Seed {
  const parsed = parseSeed(text)
  if (parsed.type === 'problem') throw new Error(parsed.problem)
  return parsed.seed
}

function sourceOf(seeds: readonly string[], resolve: Resolve, logger: Logger = silentLogger) {
  const clock = new FakeClock()
  const found: Endpoint[] = []
  const source = new SeedSource({ seeds: seeds.map(seedOf), clock, random: new Prng(1), logger, resolve })
  source.start((candidate) => found.push(candidate))
  return { clock, found, source }
}

const neverAsked: Resolve = async () => {
  throw new Error('an address is not looked up')
}

test('addresses and host names are read', () => {
  assert.equal(seedOf('10.0.0.1:7440'), { type: 'address', at: { address: '10.0.0.1', port: 7440 } })
  assert.equal(seedOf('[2001:DB8::1]:1'), { type: 'address', at: { address: '2001:db8::1', port: 1 } })
  assert.equal(seedOf('Node1.example:7440'), { type: 'host', host: 'node1.example', port: 7440 })
  for (const text of ['10.0.0.1:7440', '[2001:db8::1]:1', 'a_b.node-1.example.:65535'])
    assert.is(formatSeed(seedOf(text)), text)
})

test('nonsense is a problem that names it, with an example', () => {
  const nonsense = [
    '',
    ':',
    'host',
    'host:',
    ':80',
    'host:0',
    'host:70000',
    '10.0.0.256:1',
    '1.2.3:1',
    '::1:80',
    '[::1]',
  ]
  for (const text of [
    ...nonsense,
    'a b:1',
    '-x:1',
    'a..b:1',
    '0.0.0.0:1',
    '[::]:1',
    `${'x'.repeat(254)}:1`,
    'http://h:1',
  ]) {
    const parsed = parseSeed(text)
    assert.is(parsed.type, 'problem', text)
    if (parsed.type !== 'problem') continue
    assert.ok(parsed.problem.includes(`'${text}'`), parsed.problem)
    assert.match(parsed.hint, /10\.0\.0\.1:7440/)
  }
})

test('an address is told at once and for ever at a slow pace', async () => {
  const { clock, found } = sourceOf(['10.0.0.1:7440'], neverAsked)
  assert.is(found.length, 0)
  await clock.run(0)
  assert.equal(found, [{ address: '10.0.0.1', port: 7440 }])
  await clock.run(3_600_000)
  assert.is(found.length, 121)
})

test('all addresses of a name are told, each in canonical form and once, and looked up anew each time', async () => {
  const answers = [['10.0.0.1', '2001:DB8:0:0::1', '10.0.0.1', 'fe80::1%eth0'], ['10.0.0.2']]
  const { clock, found } = sourceOf(['node:5'], async () => answers.shift() ?? [])
  await clock.run(0)
  assert.equal(found.splice(0), [
    { address: '10.0.0.1', port: 5 },
    { address: '2001:db8::1', port: 5 },
  ])
  await clock.run(30_000)
  assert.equal(found, [{ address: '10.0.0.2', port: 5 }])
})

test('a name that is unknown is asked again with growing pauses, and does not hold up other seeds', async () => {
  const asked: Millis[] = []
  const why: unknown[] = []
  const logger: Logger = { log: (_level, _event, fields) => why.push(fields?.['why']) }
  const unknown = async () => {
    asked.push(clock.now())
    throw Object.assign(new Error('getaddrinfo ENOTFOUND nowhere'), { code: 'ENOTFOUND' })
  }
  const { clock, found } = sourceOf(['nowhere:1', '10.0.0.1:1'], unknown, logger)
  await clock.run(600_000)
  const pauses = asked.slice(1).map((at, i) => at - (asked[i] ?? 0))
  assert.ok(
    pauses.every((pause, i) => pause >= Math.min(500 * 2 ** i, 15_000) && pause <= Math.min(1000 * 2 ** i, 30_000)),
  )
  assert.ok(pauses.length > 20)
  assert.is(found.length, 21)
  assert.is(why[0], 'ENOTFOUND')
})

test('after stop nothing is told, not even the answer to a question under way', async () => {
  let answer: (addresses: string[]) => void = () => {}
  const { clock, found, source } = sourceOf(['node:5'], () => new Promise((resolve) => (answer = resolve)))
  await clock.run(0)
  await source.stop()
  answer(['10.0.0.1'])
  await clock.run(600_000)
  assert.equal(found, [])
  assert.not(clock.waiting)
})

test('localhost is found without a network', async () => {
  const clock = new FakeClock()
  const random = new Prng(1)
  const source = new SeedSource({ seeds: [seedOf('localhost:9')], clock, random, logger: silentLogger })
  const first = new Promise<Endpoint>((resolve) => source.start(resolve))
  await clock.run(0)
  assert.is((await first).port, 9)
  await source.stop()
})

test.run()
