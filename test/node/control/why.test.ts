import type { Explanation } from '../../../src/election/explanation.js'
import { Names } from '../../../src/node/control/status.js'
import { electorateView, servedBy, whyView } from '../../../src/node/control/why.js'
import { assert, suite } from '../../harness/suite.js'
import { A, B, C, member } from '../sample.js'

const test = suite('node/control/why')
const NAMES = new Names([member(A), member(B), member(C)])
const NOW = 100_000

/** `b` directs; three voters, all within reach. */
const SERVED: Explanation = {
  term: { number: 7, holder: B },
  since: NOW - 61_000,
  alone: false,
  rules: { failback: false, alone: undefined },
  deadline: undefined,
  candidates: [B, A, C],
  unable: undefined,
  standing: false,
  isVoter: true,
  votes: [A, B, C].map((voter) => ({ voter, answer: 'no answer' })),
  quorum: 2,
  reachable: [A, B, C],
  unreachable: [],
}
const UNSERVED: Explanation = { ...SERVED, term: undefined, since: undefined }

function why(explanation: Explanation, obstacles: readonly string[] = []) {
  return whyView('web', explanation, NAMES, obstacles, NOW)
}

function text(explanation: Explanation, obstacles: readonly string[] = []): string {
  return why(explanation, obstacles).sentences.join(' ')
}

test('who answers behind the service is named with its program, or counted where there are many', () => {
  const one = {
    node: A,
    name: 'node-a',
    address: '10.0.0.10',
    port: 80,
    local: false,
    state: 'healthy',
    why: '',
  } as const
  const [named = ''] = servedBy([
    { ...one, program: { pid: 812, name: 'nginx' } },
    { ...one, name: 'node-b', port: 81 },
  ])
  assert.is(named, 'It is served by nginx (812) on port 80 of node-a and an unknown program on port 81 of node-b.')
  const many = Array.from({ length: 9 }, (_, i) => ({ ...one, port: i + 1 }))
  assert.match(servedBy(many).join(' '), /port 6 of node-a and 3 more\.$/)
  assert.equal(servedBy([]), ['No program of a live node listens on its ports.'])
  assert.equal(
    servedBy([
      { ...one, state: 'unhealthy', why: 'answered HTTP/1.1 503' },
      { ...one, name: 'node-b' },
    ]),
    [
      'It is served by an unknown program on port 80 of node-b.',
      'an unknown program on port 80 of node-a gets no new connections, it is unhealthy: answered HTTP/1.1 503.',
    ],
  )
})

test('who directs, in which term, for how long, and who is next', () => {
  const { director, term, sinceMs, sentences } = why(SERVED)
  assert.equal([director?.name, term?.number, sinceMs], ['node-b', 7, 61_000])
  assert.match(sentences[0] ?? '', /^node-b directs in term 7, for 1m 1s:/)
  assert.match(text(SERVED), /most preferred .* next are: node-a and node-c\./)
})

test('the holder says how long its lease still lasts; a deadline that is past is no time at all', () => {
  assert.match(text({ ...SERVED, deadline: NOW + 1_500 }), /lease lasts 1s more/)
  assert.match(text({ ...SERVED, deadline: NOW - 1 }), /lease lasts 0ms more/)
  assert.not.match(text(SERVED), /lease lasts/)
})

test('a node that is preferred but came later waits: nothing is taken back', () => {
  const said = text({ ...SERVED, candidates: [A, B] })
  assert.match(said, /node-a would be preferred, but nothing is taken back/)
  assert.match(said, /next are: node-a\./)
})

test('a node that cannot listen is not preferred and not next, and what is in its way is said', () => {
  const obstacle = 'node-a cannot listen on 10.0.0.100:80: EADDRINUSE'
  const said = text({ ...SERVED, candidates: [A, B, C] }, [obstacle])
  assert.not.match(said, /would be preferred/)
  assert.ok(said.includes(`${obstacle}.`), said)
  assert.match(said, /next are: node-c\./)
})

test('one that directs and says that something is wrong directs all the same', () => {
  const dispute = 'node-b has 10.0.0.100, and a host with another link address claims it too'
  const view = why(SERVED, [dispute])
  assert.is(view.sentences[1], `But ${dispute}.`)
  assert.equal(view.candidates[0]?.eligible, true)
  assert.is(view.candidates[0]?.note, 'directs')
})

test('each candidate has its own note: what is in the way of one is not said of another', () => {
  const obstacle = 'node-a cannot listen on 10.0.0.100:80: EADDRINUSE'
  const unable = { until: NOW + 1, why: obstacle }
  const { candidates } = why({ ...SERVED, unable }, [obstacle])
  assert.equal(
    candidates.map(({ rank, name, eligible, note }) => [rank, name, eligible, note]),
    [
      [1, 'node-b', true, 'directs'],
      [2, 'node-a', false, obstacle],
      [3, 'node-c', true, 'could direct'],
    ],
  )
})

test('an obstacle belongs to the node of that name, not to one whose name begins alike', () => {
  const { candidates } = why(SERVED, ['node-ab cannot listen on 10.0.0.100:80: EACCES'])
  assert.ok(candidates.every(({ eligible }) => eligible))
})

test('how many voters may still be lost', () => {
  const [two, one] = [[A, B], [A]]
  assert.match(text(SERVED), /1 of the 3 reachable voters may still be lost/)
  assert.match(text({ ...SERVED, reachable: two }), /one more loss and nobody directs/)
  assert.match(text({ ...SERVED, reachable: one }), /Only 1 of the 2 voters .* will not be renewed/)
  assert.match(text({ ...SERVED, candidates: [B] }), /No other live node could take over/)
})

test('nobody directs: too few voters within reach, and which are missing', () => {
  const { director, term, sinceMs, sentences } = why({ ...UNSERVED, reachable: [A], unreachable: [B, C] })
  assert.equal([director, term, sinceMs], [null, null, null])
  assert.match(
    sentences.join(' '),
    /2 of 3 voters are needed and 1 can be reached .* out of reach: node-b and node-c\./,
  )
})

test('nobody directs: obstacles, then earlier grants, then the election itself', () => {
  const obstacle = 'node-a cannot listen on 10.0.0.100:80: EACCES'
  assert.match(text(UNSERVED, [obstacle]), /EACCES\.$/)
  const held = { ...UNSERVED, votes: [{ voter: C, answer: 'held' as const }] }
  assert.match(text(held), /Waiting for node-c: earlier grants must run out first/)
  assert.match(text({ ...UNSERVED, standing: true }), /This node stands for it/)
  assert.match(text(UNSERVED), /An election is under way/)
  assert.match(text({ ...UNSERVED, reachable: [A, B], unreachable: [C] }), /An election is under way/)
})

test('a node that has not heard of the electorate says so, and nothing about a majority', () => {
  const said = text({ ...UNSERVED, votes: [], quorum: 1, reachable: [] })
  assert.match(said, /has not heard of the electorate/)
  assert.not.match(said, /needed/)
})

test('votes are told in words', () => {
  const { votes } = why({
    ...UNSERVED,
    votes: [
      { voter: A, answer: 'granted' },
      { voter: B, answer: 'no link' },
    ],
  })
  assert.equal(
    votes.map(({ voter, answer }) => `${voter.name} ${answer}`),
    ['node-a granted its lease to this node', 'node-b out of reach: no control link'],
  )
})

test('an electorate counts itself and its links, needs more than half, and tells of a change under way', () => {
  const voters = [A, B, C, 'd'.repeat(32)]
  const electorate = { epoch: 4, voters, pending: undefined }
  const view = electorateView({ electorate: () => electorate }, A, [B, 'e'.repeat(32)], NAMES)
  assert.equal([view.epoch, view.quorum, view.reachable], [4, 3, 2])
  assert.equal(
    view.voters.map(({ name }) => name),
    ['node-a', 'node-b', 'node-c', 'dddddddd'],
  )
  assert.not('pending' in view)
  const changing = electorateView({ electorate: () => ({ ...electorate, pending: 'adds node-e' }) }, A, [], NAMES)
  assert.is(changing.pending, 'adds node-e')
})

test.run()
