import type { SpliceFrame } from '../../src/proxy/splice-frame.js'
import { assert, suite } from '../harness/suite.js'
import { A, B, LinkUnderTest, open } from './link-under-test.js'

const test = suite('lane/authority')

/** The peer is A. */
function answerTo(room: LinkUnderTest, frame: SpliceFrame): string {
  room.hears(frame)
  const [answer] = room.said()
  return answer?.kind === 'refused' ? answer.reason : (answer?.kind ?? 'silence')
}

function resume(id: { readonly node: string }, holder: string): SpliceFrame {
  const progress = { up: 0, down: 0, finUp: 'none', finDown: 'none', window: 1_000 } as const
  const { service } = open(2)
  return {
    kind: 'resume',
    handle: 8,
    id: { boot: 1, counter: 2, ...id },
    term: { number: 5, holder },
    service,
    ...progress,
    snapshot: new Uint8Array(0),
    snapshotAgeMs: 0,
  }
}

test('an OPEN in the term of another node is refused, and its number blocks nobody', () => {
  const room = new LinkUnderTest()
  assert.is(answerTo(room, open(2, { number: 2 ** 50, holder: B })), 'protocol-error')
  assert.is(room.programs.length, 0)
  room.splice(4)
  assert.is(room.programs.length, 1)
})

test('an OPEN for a client that another node accepted is refused', () => {
  const room = new LinkUnderTest()
  assert.is(answerTo(room, { ...open(2), id: { node: B, boot: 1, counter: 1 } }), 'protocol-error')
  assert.is(room.programs.length, 0)
})

test('RESUME comes from the holder of its term; whose client it was is free', () => {
  const room = new LinkUnderTest()
  room.splice(2)
  assert.is(answerTo(room, resume({ node: A }, B)), 'protocol-error')
  assert.is(answerTo(room, resume({ node: B }, A)), 'link-lost', 'there is none to go on with')
  assert.is(answerTo(room, resume({ node: A }, A)), 'resumed')
})

test('an OPEN that is refused teaches no term', () => {
  const room = new LinkUnderTest()
  room.backends.setListeners([])
  assert.is(answerTo(room, open(2, { number: 9, holder: A })), 'no-listener')
  room.backends.setListeners([{ port: 80, address: '10.0.0.11' }])
  room.splice(4)
  assert.is(room.programs.length, 1)
})

test('it is logged once a minute, however often it happens', () => {
  const room = new LinkUnderTest()
  for (let handle = 2; handle < 100; handle += 2) room.hears(open(handle, { number: 9, holder: B }))
  room.now = 60_000
  room.hears(open(100, { number: 9, holder: B }))
  const logged = room.posted.flatMap((message) => (message.type === 'log' ? [message.fields['heldBack']] : []))
  assert.equal(logged, [0, 48])
})

test.run()
