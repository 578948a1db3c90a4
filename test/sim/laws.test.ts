/** Each law is broken by hand once, where no machine of ours can be made to break it. */
import { assert, suite } from '../harness/suite.js'
import type { Host } from './host.js'
import { Laws } from './laws.js'

const test = suite('sim/laws')

interface Act {
  readonly acts: boolean
  readonly alone?: boolean
  /** The address is there. */
  readonly answers?: boolean
  /** The clock stands at 0. */
  readonly leaseEnds?: number
}

/** Hosts that only say whether they act for `web`. */
function court(...acts: readonly Act[]): { laws: Laws; hosts: Host[] } {
  const hosts = acts.map(({ acts: isActing, alone = false, answers = false, leaseEnds = 1 }, index) => {
    const [clock, elections] = [() => 0, { holding: () => ({ deadline: leaseEnds }) }]
    const id = `${index}`
    return {
      index,
      id,
      options: {},
      acts: () => isActing,
      answersFor: () => answers,
      isAlone: () => alone,
      clock,
      elections,
    } as unknown as Host
  })
  const laws = new Laws(
    hosts,
    () => ['web'],
    () => 'n2',
    () => 1_234,
  )
  return { laws, hosts }
}

test('two that act with a majority', () => {
  const { laws } = court({ acts: true }, { acts: false }, { acts: true })
  laws.checkActing()
  assert.is(laws.broken, 'two act for web: n1 and n3 at 1234.0 ms')
})

test('two that answer for an address', () => {
  const { laws } = court({ acts: true, answers: true }, { acts: false, answers: true })
  laws.checkActing()
  assert.is(laws.broken, 'two answer for web: n1 and n2 at 1234.0 ms')
})

test('one that goes on in a term that it has handed over; in a later one it may', () => {
  const { laws, hosts } = court({ acts: false })
  const [host] = hosts as [Host]
  laws.took(host, 'web', 5)
  laws.handedOver(host, 'web', 5)
  laws.took(host, 'web', 7)
  assert.is(laws.broken, undefined)
  laws.took(host, 'web', 5)
  assert.match(laws.broken ?? '', 'n1 goes on with web in term 5, which it has handed over')
})

test('one that acts alone though the service names another', () => {
  const named = court({ acts: false }, { acts: true, alone: true })
  named.laws.checkActing()
  assert.equal([named.laws.broken, named.laws.aloneSeen], [undefined, 1])
  const other = court({ acts: true, alone: true })
  other.laws.checkActing()
  assert.match(other.laws.broken ?? '', 'n1 acts alone for web, unasked')
})

test('a term with two holders, and a term that comes after a higher one', () => {
  const { laws, hosts } = court({ acts: false }, { acts: false })
  const [a, b] = hosts as [Host, Host]
  laws.acquired(a, 'web', 5, false)
  laws.acquired(b, 'web', 5, false)
  assert.match(laws.broken ?? '', 'term 5 of web has two holders')
  const later = court({ acts: false })
  later.laws.acquired(later.hosts[0] as Host, 'web', 5, false)
  later.laws.acquired(later.hosts[0] as Host, 'web', 4, false)
  assert.match(later.laws.broken ?? '', 'term 4 of web comes after a higher one')
})

test('a voter that votes for another in the same term, or in a lower one', () => {
  const vote = (number: number, holder: string) => {
    return { kind: 'vote' as const, service: 'web', term: { number, holder, boot: 1 } }
  }
  for (const second of [vote(3, 'x'), vote(2, 'y')]) {
    const { laws, hosts } = court({ acts: false })
    laws.voted(hosts[0] as Host, vote(3, 'y'))
    laws.voted(hosts[0] as Host, second)
    assert.match(laws.broken ?? '', 'after 3')
  }
})

test('a lane that acts on when its lease is over', () => {
  const { laws } = court({ acts: true, leaseEnds: 0 })
  laws.checkActing()
  assert.match(laws.broken ?? '', 'the lane of n1 acts for web on a lease that is over')
})

test('two electorates that can both decide; one that a minority holds, or another memory, cannot', () => {
  const adopt = (memories: readonly number[], isForced = false) => {
    const { laws, hosts } = court({ acts: false }, { acts: false }, { acts: false })
    laws.isForced = isForced
    for (const [i, host] of hosts.entries()) laws.voted(host, { kind: 'memory', number: memories[i] ?? 0 })
    const seats = (epoch: number, voters: readonly string[]) => {
      return { kind: 'electorate' as const, electorate: { epoch, voters, memories: voters.map(() => 1) } }
    }
    for (const host of hosts) laws.voted(host, seats(3, ['0', '1', '2']))
    laws.voted(hosts[0] as Host, seats(1_003, ['0']))
    return laws.broken
  }
  assert.match(adopt([1, 1, 1]) ?? '', 'two electorates can decide: 1003 and 3')
  assert.is(adopt([1, 1, 1], true), undefined)
  assert.is(adopt([2, 1, 1]), undefined, 'the seat of 0 is another memory’s')
  assert.is(adopt([1, 2, 1]), undefined, 'only one of three is left in the first')
})

test.run()
