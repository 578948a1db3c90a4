/** What `baton keys` and `baton ban` do about nodes that are down, and rings that are full. */
import type { Member } from '../../../src/gossip/ports.js'
import { RING_KEYS_MAX } from '../../../src/node/keys/key-ring.js'
import { KeysApi } from '../../../src/node/keys/keys-api.io.js'
import type { Node } from '../../../src/node/node.io.js'
import { clusterKeyId } from '../../../src/trunk/keys.io.js'
import { assert, suite } from '../../harness/suite.js'
import { A, B, C, member } from '../sample.js'
import { NAMES, Room } from './room.js'

const test = suite('node/keys/keys-api', 30_000)

/** Three that have the first key, of which C is down then. `api` is A's. */
function clusterWithoutC({ isStopped = false } = {}) {
  const room = new Room(clusterKeyId)
  const [a, b, c] = [room.add(A), room.add(B), room.add(C)]
  room.link()
  const members: Member[] = [member(A), member(B), member(C, isStopped ? 'left' : 'down')]
  let voters = [A, B, C]
  const cutOff = () => {
    for (const one of [A, B]) room.cut.add(`${one} ${C}`).add(`${C} ${one}`)
  }
  cutOff()
  if (isStopped) for (const one of [a, b]) one.forget(C)
  /** Each look takes a while, and what was sent arrives meanwhile. */
  const clock = {
    now: () => {
      room.deliver()
      room.clock.time += 50
      return room.clock.time
    },
    wall: () => room.clock.wall(),
  }
  const node = {
    self: { node: A, name: NAMES[A] },
    knowledge: { members },
    machines: { elections: { electorate: () => ({ epoch: 1, voters }) } },
    forget: () => {},
  } as unknown as Node
  const api = new KeysApi({ node, keys: a, clock, logger: { log: () => {} }, linked: () => [B], bootstraps: [] })
  const giveUp = () => {
    members.pop()
    voters = [A, B]
    a.dismiss([C])
    room.deliver()
  }
  const comeBack = () => {
    members.splice(2, 1, member(C))
    for (const one of [A, B]) for (const way of [`${one} ${C}`, `${C} ${one}`]) room.cut.delete(way)
    for (const one of [a, b]) one.linkUp(C)
    for (const one of [A, B]) c.linkUp(one)
    room.deliver()
  }
  return { room, a, b, c, api, giveUp, comeBack, cutOff, members }
}

const refusal = (asked: Promise<unknown>) =>
  asked.then(
    () => ({ code: 'none', message: '', hint: '' }),
    (error) => error as { code: string; message: string; hint: string },
  )

for (const isStopped of [false, true]) {
  test(`any number of rotations while one ${isStopped ? 'is stopped' : 'is down'}: its key stays, and no other`, async () => {
    const { api, a, c, comeBack } = clusterWithoutC({ isStopped })
    const [first = ''] = a.ring.keys.map(({ id }) => id)
    for (let i = 0; i < 2 * RING_KEYS_MAX; i++) {
      const { kept } = await api.rotate(false)
      assert.equal(
        kept.map(({ id }) => id),
        [first],
        `rotation ${i}`,
      )
      assert.match(kept[0]?.why ?? '', 'node-c')
      assert.is(a.ring.keys.length, 2)
    }
    assert.is((await refusal(api.remove(first, false))).code, 'ERR_KEY_NEEDED')
    comeBack()
    assert.equal(
      c.ring.keys.map(({ id }) => id),
      a.ring.keys.map(({ id }) => id),
    )
    assert.is((await api.rotate(false)).kept.length, 0)
    assert.is(a.ring.keys.length, 1)
  })
}

test('a note of one that was down does not outlive its return: what it may hold then is needed', async () => {
  const { api, a, b, members, comeBack, cutOff } = clusterWithoutC({ isStopped: true })
  await api.rotate(false)
  comeBack()
  const [second = '', first = ''] = a.ring.keys.map(({ id }) => id)
  await api.remove(first, false)
  members.splice(2, 1, member(C, 'left'))
  cutOff()
  for (const one of [a, b]) one.forget(C)
  const { kept } = await api.rotate(false)
  assert.equal(
    kept.map(({ id }) => id),
    [second],
  )
})

test('a voter that never held a ring may need the first key and no other; one that was given up is not enrolled again', async () => {
  const { api, a, room } = clusterWithoutC({ isStopped: true })
  const [first = ''] = a.ring.keys.map(({ id }) => id)
  a.dismiss([C])
  room.deliver()
  for (let i = 0; i < RING_KEYS_MAX; i++) {
    assert.equal(
      (await api.rotate(false)).kept.map(({ id }) => id),
      [first],
    )
  }
  assert.not.ok(a.ring.isEnrolled(C))
})

test('a ring that was filled by hand is told with what may go, and a rotation makes room by itself', async () => {
  const { api, a, giveUp } = clusterWithoutC()
  while (a.ring.keys.length < RING_KEYS_MAX) await api.add({ force: false })
  const { code, hint } = await refusal(api.add({ force: false }))
  assert.is(code, 'ERR_KEY_RING_FULL')
  const [, spare = ''] = /baton keys remove ([0-9a-f]+)/.exec(hint) ?? []
  await api.remove(spare, false)
  await api.add({ force: false })
  assert.is((await api.rotate(false)).kept.length, 1)
  giveUp()
  assert.is((await api.rotate(false)).kept.length, 0)
  assert.is(a.ring.keys.length, 1)
})

test('a rotation that is refused half way leaves no key behind', async () => {
  const { api, a, members } = clusterWithoutC()
  members.splice(2, 1, member(C))
  const before = a.ring.keys.map(({ id }) => id)
  for (let i = 0; i < 3; i++) {
    const { code } = await refusal(api.rotate(false))
    assert.is(code, 'ERR_KEY_NOT_HELD')
    assert.equal(
      a.ring.keys.map(({ id }) => id),
      before,
    )
  }
})

test('a ban holds where its rotation is refused or keeps a key, and says which keys the banned node knows', async () => {
  const { api, a, b, members, room } = clusterWithoutC()
  const [first = ''] = a.ring.keys.map(({ id }) => id)
  const D = 'd'.repeat(32)
  members.push(member(D, 'left'))
  const kept = await api.ban({ node: 'node-d', rotate: true, force: false })
  assert.equal([kept.rotation?.kept.length, kept.knownKeys], [1, [first]])
  // C lives again and says nothing: nothing can be used.
  members.splice(2, 1, member(C))
  const refused = await api.ban({ node: 'e'.repeat(32), rotate: true, force: false })
  assert.is(refused.rotationRefused?.code, 'ERR_KEY_NOT_HELD')
  assert.equal([...(refused.knownKeys ?? [])].sort(), a.ring.keys.map(({ id }) => id).sort())
  room.deliver()
  assert.ok(b.isBanned('e'.repeat(32)))
})

test.run()
