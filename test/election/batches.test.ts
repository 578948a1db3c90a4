import { BatchNumbers, IncomingBatches, OutgoingBatches } from '../../src/election/batches.js'
import { assert, suite } from '../harness/suite.js'
import { idOf, Room } from './script.js'

const test = suite('election/batches')
const [A, B] = [idOf('a'), idOf('b')]

test('a list keeps its number while it stays the same, and a changed one has a new one', () => {
  const batches = new OutgoingBatches<string>(2, new BatchNumbers())
  const [first, second] = batches.plan(['x', 'y', 'z'])
  assert.equal([first?.items, second?.items], [['x', 'y'], ['z']])
  assert.equal(
    batches.plan(['x', 'y', 'z']).map(({ id }) => id),
    [first?.id, second?.id],
  )
  const [same, changed] = batches.plan(['x', 'y', 'w'])
  assert.is(same?.id, first?.id)
  assert.is.not(changed?.id, second?.id)
})

test('a peer gets the items once, and again when its link was renewed or it asks', () => {
  const batches = new OutgoingBatches<string>(9, new BatchNumbers())
  const [batch] = batches.plan(['x'])
  assert.ok(batch)
  if (batch === undefined) return
  assert.equal([batches.isNewTo(A, batch), batches.isNewTo(A, batch), batches.isNewTo(B, batch)], [true, false, true])
  batches.forget(A)
  assert.ok(batches.isNewTo(A, batch))
  assert.equal(batches.missing(B, batch.id)?.items, ['x'])
  assert.ok(batches.isNewTo(B, batch))
  assert.is(batches.missing(B, 999), undefined)
})

test('of each peer a bounded number is kept, the newest', () => {
  const batches = new IncomingBatches<string>(2)
  for (const id of [1, 2, 3]) batches.put(A, id, [`${id}`])
  assert.equal(
    [batches.get(A, 1), batches.get(A, 2), batches.get(A, 3), batches.get(B, 3)],
    [undefined, ['2'], ['3'], undefined],
  )
  batches.forget(A)
  assert.is(batches.get(A, 3), undefined)
})

test('what a round costs does not depend on the number of services', () => {
  const bytesPerSecond = (services: number): number => {
    const room = new Room()
    for (const letter of ['a', 'b', 'c']) room.add(letter, letter === 'a')
    for (let i = 0; i < services; i++) {
      for (const letter of ['a', 'b', 'c']) {
        room.feed(letter, {
          type: 'services',
          services: [{ name: `s${i}`, rules: { failback: false, alone: undefined } }],
        })
      }
    }
    room.link('a', 'b', 'c')
    room.run(8_000)
    const before = room.sentBytes
    room.run(4_000)
    return (room.sentBytes - before) / 4
  }
  const [few, many] = [bytesPerSecond(10), bytesPerSecond(400)]
  assert.ok(many < 1.5 * few, `${many} bytes a second for 400 services, ${few} for 10`)
})

test('a batch that was lost on the way is asked for', () => {
  const room = new Room()
  for (const letter of ['a', 'b', 'c']) room.add(letter, letter === 'a')
  room.lets = (_from, _to, message) => message.kind !== 'request' || room.now > 20_000
  room.link('a', 'b', 'c')
  room.run(9_000)
  room.now = 20_001
  room.run(3_000)
  assert.is(room.acting().length, 1)
})

test.run()
