import { Prng } from '../../src/base/prng.js'
import { SERVICE_DEFAULTS, type Service } from '../../src/proxy/service.js'
import { type CreatedService, overlap, resolveOverlaps } from '../../src/proxy/service-overlap.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('proxy/service-overlap')

function service(name: string, address: string, first: number, last = first): Service {
  return { ...SERVICE_DEFAULTS, name, address, ports: [{ first, last }] }
}

test('two services collide on one address and port only', () => {
  const web = service('web', '10.0.0.1', 80, 90)
  assert.is(overlap(web, service('b', '10.0.0.1', 85, 99)), 85)
  assert.is(overlap(web, service('b', '10.0.0.1', 91)), undefined)
  assert.is(overlap(web, service('b', '10.0.0.2', 80)), undefined)
})

test('the older creation wins, and the other is named with what shadows it', () => {
  const [old, young] = [service('young', '10.0.0.1', 80), service('web', '10.0.0.1', 80, 81)]
  const resolved = resolveOverlaps([
    { service: young, createdAtMs: 2 },
    { service: old, createdAtMs: 1 },
  ])
  assert.equal(resolved, { active: [old], shadowed: [{ service: young, by: 'young', port: 80 }] })
})

test('of equal ages the lower name wins, also where no age is known', () => {
  for (const createdAtMs of [5, Number.POSITIVE_INFINITY]) {
    const [a, b] = [service('a', '10.0.0.1', 80), service('b', '10.0.0.1', 80)]
    assert.equal(resolveOverlaps([b, a].map((each) => ({ service: each, createdAtMs }))).active, [a])
  }
})

test('a shadowed service shadows nobody', () => {
  const [a, b, c] = [service('a', '10.0.0.1', 80, 82), service('b', '10.0.0.1', 82, 84), service('c', '10.0.0.1', 84)]
  const resolved = resolveOverlaps([a, b, c].map((each, i) => ({ service: each, createdAtMs: i })))
  assert.equal(
    resolved.active.map(({ name }) => name),
    ['a', 'c'],
  )
})

test('all nodes come to the same answer, whatever order they see, and no two active services collide', () => {
  const random = new Prng(11)
  for (let i = 0; i < 200; i++) {
    const services = Array.from({ length: 8 }, (_, n): CreatedService => {
      const first = 80 + random.below(12)
      const address = `10.0.0.${random.below(2)}`
      return { service: service(`s${n}`, address, first, first + random.below(5)), createdAtMs: random.below(4) }
    })
    const resolved = resolveOverlaps(services)
    assert.equal(resolveOverlaps(random.shuffle([...services])), resolved)
    for (const [n, a] of resolved.active.entries()) {
      for (const b of resolved.active.slice(n + 1)) assert.is(overlap(a, b), undefined)
    }
    assert.is(resolved.active.length + resolved.shadowed.length, 8)
  }
})

test.run()
