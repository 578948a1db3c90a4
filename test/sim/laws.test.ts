/** Each law is broken by hand once, where no machine of ours can be made to break it. */
import { assert, suite } from '../harness/suite.js'
import type { Host } from './host.js'
import { Laws } from './laws.js'

const test = suite('sim/laws')

interface Act {
  readonly acts: boolean
  readonly alone?: boolean
}

/** Hosts that only say whether they act for `web`. */
function court(...acts: readonly Act[]): { laws: Laws; hosts: Host[] } {
  const hosts = acts.map(({ acts: isActing, alone = false }, index) => {
    return { index, id: `${index}`, acts: () => isActing, isAlone: () => alone } as unknown as Host
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

test.run()
