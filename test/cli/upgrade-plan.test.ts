import { readFileSync } from 'node:fs'
import { canReplace, kinshipOf, lineOf, missingFrom, RELEASES, type Release } from '../../src/cli/releases.js'
import { planUpgrade, type UpgradePlan } from '../../src/cli/upgrade-plan.js'
import { HANDOVER_VERSION } from '../../src/node/succession/handover-protocol.js'
import { EARLIER } from '../harness/earlier-release.js'
import { assert, suite } from '../harness/suite.js'
import { finished, halfWay, notBegun, stuck } from './fake-upgrades.js'
import { healthy, member } from './views.js'

const test = suite('cli/upgrade-plan')

/** Times to come. */
const LATER: readonly Release[] = [
  ...RELEASES,
  { line: '0.3', handover: 2, brings: [{ what: 'teleport', takes: 'all' }] },
  { line: '1.0', handover: 3, brings: [{ what: 'time travel', takes: 'both' }] },
]
const namesOf = ({ nodes }: UpgradePlan, state = 'due') =>
  nodes.filter((node) => node.state === state).map(({ name }) => name)
const codesOf = ({ obstacles }: UpgradePlan) => obstacles.map(({ code, node }) => [code, node?.name ?? null])

test('the last release in the table is this one, and hands itself over as the code does', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  assert.is(RELEASES.at(-1)?.line, lineOf(version))
  assert.is(RELEASES.at(-1)?.handover, HANDOVER_VERSION)
  assert.is(RELEASES.at(-2)?.line, lineOf(EARLIER.version), 'the tests of mixed clusters have the one before it')
})

test('each release works with the one before it and the one after it', () => {
  const rows: readonly (readonly [theirs: string, ours: string, kind: string])[] = [
    ['0.1.0', '0.2.0', 'before'],
    ['0.1.7', '0.2.0-dev', 'before'],
    ['0.2.0', '0.2.9', 'same'],
    ['0.3.0', '0.2.0', 'after'],
    ['1.0.0', '0.3.1', 'after'],
    ['0.3.1', '1.0.0', 'before'],
    ['0.1.0', '0.3.0', 'too-old'],
    ['0.2.0', '1.0.0', 'too-old'],
    ['1.0.0', '0.2.0', 'too-new'],
    ['1.1.0', '1.0.0', 'after'],
    ['1.2.0', '1.0.0', 'too-new'],
    ['2.0.0', '1.0.0', 'too-new'],
    ['rubbish', '0.2.0', 'too-new'],
    ['', '0.2.0', 'too-new'],
  ]
  for (const [theirs, ours, kind] of rows) assert.is(kinshipOf(theirs, ours, LATER).kind, kind, `${theirs} ${ours}`)
  assert.equal(kinshipOf('0.1.0', '1.0.0', LATER), { kind: 'too-old', first: '0.3' })
  assert.equal([canReplace('0.1.0', '0.2.0', LATER), canReplace('0.3.0', '1.0.0', LATER)], [true, false])
})

test('what is missing is what came after the lowest', () => {
  const words = (lowest: string, ours: string) => missingFrom(lowest, ours, LATER).map(({ what }) => what)
  assert.equal(words('0.2.0', '1.0.0'), ['teleport', 'time travel'])
  assert.equal(words('0.2.0', '0.2.1'), [])
  assert.ok(words('0.1.0', '0.2.0').some((what) => what.includes('baton keys use')))
  assert.equal(words('9.9.0', '0.2.0'), [])
})

test('witnesses go first, then those that direct nothing, and directors last', () => {
  const plan = planUpgrade(halfWay, '0.2.0')
  assert.equal([plan.verdict, namesOf(plan), namesOf(plan, 'done')], ['ready', ['node3', 'node2'], ['node1']])
  assert.ok(plan.nodes.every(({ by, state }) => by === (state === 'due' ? 'reload' : null)))
  const keys = plan.waiting.find(({ what }) => what.includes('keys use'))
  assert.equal(
    keys?.waitsFor.map(({ name }) => name),
    ['node3', 'node2'],
  )
  const idle = { ...healthy, members: [member(0), member(1), member(2, { role: 'witness' })] }
  assert.equal(namesOf(planUpgrade(idle, '0.2.0')), ['node3', 'node1', 'node2'])
  const directors = { ...healthy, members: [member(0, { directs: ['a', 'b'] }), member(1), member(2)] }
  assert.equal(namesOf(planUpgrade(directors, '0.2.0')), ['node3', 'node2', 'node1'])
})

test('a node of the earlier release that is asked knows of nobody else: that is said', () => {
  const plan = planUpgrade(notBegun, '0.2.0')
  assert.equal([plan.verdict, namesOf(plan)], ['ready', ['node1', 'node3', 'node2']])
  assert.match(plan.cautions.join('\n'), /node1 runs 0.1.0, which does not know what others run/)
  assert.equal(
    plan.nodes.map(({ isGuessed }) => isGuessed),
    [false, true, true],
  )
})

test('done is what runs the same to the letter', () => {
  assert.equal([planUpgrade(finished, '0.2.0').verdict, planUpgrade(finished, '0.2.1').verdict], ['done', 'ready'])
  assert.equal(planUpgrade(finished, '0.2.1').waiting, [])
})

test('what is in the way is named, each with a way out', () => {
  const plan = planUpgrade(stuck, '0.2.0')
  assert.is(plan.verdict, 'blocked')
  assert.equal(codesOf(plan), [
    ['no-quorum', null],
    ['too-new', 'node2'],
    ['unreachable', 'node3'],
  ])
  const old = { ...finished, members: [...finished.members.slice(0, 2), member(2, { release: '0.1.0' })] }
  const late = planUpgrade({ ...old, node: { ...old.node, version: '0.2.0' } }, '0.3.0', LATER)
  assert.equal(codesOf(late), [['too-old', 'node3']])
  assert.match(late.obstacles[0]?.hint ?? '', 'upgrade node3 to 0.2 first')
  const unheard = planUpgrade({ ...finished, members: [...finished.members.slice(0, 2), member(2)] }, '0.2.0')
  assert.equal(codesOf(unheard), [['unheard', 'node3']])
  const apart = member(2, { link: { state: 'down', why: 'no common version: upgrade node3' }, release: '0.2.0' })
  const cut = planUpgrade({ ...finished, members: [...finished.members.slice(0, 2), apart] }, '0.2.0')
  assert.match(cut.obstacles[0]?.why ?? '', 'no common version: upgrade node3')
})

test('two nodes: no majority without either, so they are told not to stop', () => {
  const two = {
    ...notBegun,
    electorate: { ...healthy.electorate, voters: healthy.electorate.voters.slice(0, 2), quorum: 2, reachable: 2 },
    members: healthy.members.slice(0, 2),
  }
  assert.match(planUpgrade(two, '0.2.0').cautions.join('\n'), 'have each node reloaded and not stopped')
})

test('who cannot be replaced is stopped and started; who has left, or is beyond, is left alone', () => {
  const plan = planUpgrade(
    {
      ...finished,
      node: { ...healthy.node, version: '0.3.0' },
      members: [member(0), member(1, { release: '1.0.0' }), member(2, { state: 'left', release: '0.1.0' })],
    },
    '1.0.0',
    LATER,
  )
  assert.equal(
    plan.nodes.map(({ name, state, by }) => [name, state, by]),
    [
      ['node1', 'due', 'restart'],
      ['node2', 'done', null],
    ],
  )
  const back = planUpgrade(finished, '0.1.0')
  assert.equal([back.verdict, namesOf(back, 'newer').length], ['ready', 3])
})

test.run()
