/** Where acknowledgements are held back, as interfaces come and go. */
import { AckHolding } from '../../../src/node/lanes/ack-holding.io.js'
import type { HeldSlots } from '../../../src/proxy/ports.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('node/lanes/ack-holding')
const [ETH0, ETH1] = [
  { index: 2, name: 'eth0' },
  { index: 3, name: 'eth1' },
]

const NOBODY = () => undefined

function site(why?: string) {
  const done: string[] = []
  const refused = new Set<number>()
  const given: HeldSlots[] = []
  const logged: unknown[] = []
  const hold = {
    maps: { connections: 7, held: 8 },
    attach: (index: number, behind?: number) => {
      done.push(`attach ${index}${behind === undefined ? '' : ` behind ${behind}`}`)
      return refused.has(index) ? { why: 'EINVAL' } : undefined
    },
    detach: (index: number) => void done.push(`detach ${index}`),
  }
  const open = () => {
    done.push('open')
    return why === undefined ? hold : { why }
  }
  const logger = { log: (_level: string, event: string, fields = {}) => void logged.push([event, fields]) }
  const holding = new AckHolding({ logger, open, slots: 16, give: (held) => given.push(held) })
  return { holding, done, refused, given, logged }
}

test('it is opened when it is wanted, and lanes are given it once, however often it is wanted', () => {
  const { holding, done, given } = site()
  holding.follow([ETH0], NOBODY)
  assert.equal([done, holding.why], [[], undefined], 'nobody wants it')
  assert.is(holding.want(), undefined)
  assert.is(holding.want(), undefined)
  assert.equal(done, ['open'])
  assert.equal(given, [{ connections: 7, held: 8, slots: 16 }])
})

test('it stands right behind the program that is to come before it', () => {
  const { holding, done } = site()
  holding.want()
  holding.follow([ETH0, ETH1], (index) => (index === ETH0.index ? 77 : undefined))
  assert.equal(done, ['open', 'attach 2 behind 77', 'attach 3'])
})

test('interfaces that come have it, and one that goes leaves its number to another', () => {
  const { holding, done } = site()
  holding.want()
  done.length = 0
  holding.follow([ETH0, ETH1], NOBODY)
  assert.equal(done.splice(0), ['attach 2', 'attach 3'])
  holding.follow([ETH1], NOBODY)
  assert.is(done[0], 'detach 2')
})

test('where an interface does not take it that is said once, and shown as long as it is so', () => {
  const { holding, refused, logged } = site()
  holding.want()
  refused.add(3)
  for (let look = 0; look < 3; look++) holding.follow([ETH0, ETH1], NOBODY)
  assert.is(holding.why, 'eth1: EINVAL')
  assert.equal(logged, [['no-ack-hold', { interface: 'eth1', why: 'eth1: EINVAL' }]])
  refused.clear()
  holding.follow([ETH0, ETH1], NOBODY)
  assert.is(holding.why, undefined)
})

test('a host that cannot is told of by its reason', () => {
  const { holding, given } = site('needs tcx (Linux 6.6)')
  assert.is(holding.want(), 'needs tcx (Linux 6.6)')
  assert.is(holding.why, 'needs tcx (Linux 6.6)')
  holding.follow([ETH0], NOBODY)
  assert.equal(given, [])
})

test.run()
