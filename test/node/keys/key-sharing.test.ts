import { assert, suite } from '../../harness/suite.js'
import { A, B, C } from '../sample.js'
import { key, Room } from './room.js'

const test = suite('node/keys/key-sharing')

function three() {
  const room = new Room()
  const [a, b, c] = [room.add(A), room.add(B), room.add(C)]
  room.link()
  return { room, a, b, c }
}

test('a key that is added is in force everywhere, and each says so to all', () => {
  const { room, a, b, c } = three()
  a.write(a.ring.added(key(2), 1_000, 'a'))
  room.deliver()
  assert.equal([...room.applied.values()], ['12', '12', '12'])
  for (const node of [a, b, c]) for (const id of [A, B, C]) assert.equal(node.heldBy(id), ['1111', '2222'])
})

test('a key that is not on the disk is not said to be held', () => {
  const { room, a, b } = three()
  room.diskTakes = false
  a.write(a.ring.added(key(2), 1_000, 'a'))
  room.deliver()
  assert.equal(b.heldBy(A), ['1111'])
  room.diskTakes = true
  a.linkUp(B)
  room.deliver()
  assert.equal(b.heldBy(A), ['1111', '2222'])
})

test('whoever is banned gets nothing more, though the key comes in the same breath and by every way', () => {
  const { room, a, b, c } = three()
  const before = room.sent.length
  a.write([...a.ring.banned(C, { name: 'c', by: 'a', atMs: 1_000 }), ...a.ring.added(key(2), 1_000, 'a')])
  room.deliver()
  assert.equal(
    room.sent.slice(before).filter((one) => one.endsWith('>c')),
    [],
  )
  assert.ok(b.isBanned(C) && b.refuses(A, C) && a.refuses(B, C))
  assert.equal([room.applied.get(B), room.applied.get(C)], ['12', '1'])
  assert.is(c.isBanned(C), false)
  assert.not.ok(a.ring.members.has(C))
})

test('of more bans than a word holds the last one is told, so nobody waits for it in vain', () => {
  const { room, a, b } = three()
  const node = (i: number) => `${i}`.padStart(4, '0').padEnd(32, 'f')
  for (let i = 0; i < 300; i++) a.write(a.ring.banned(node(i), { name: `n${i}`, by: 'a', atMs: 1_000 }))
  room.deliver()
  for (const one of [a, b]) for (const id of [A, B]) assert.ok(one.refuses(id, node(299)))
  assert.ok(a.isBanned(node(0)))
})

test('what finds no room is refused with the reason, and not waited for', () => {
  const { a } = three()
  for (let i = 0; a.ring.registry.check(`member/${i}`, { name: '' }).length === 0; i++) {
    a.ring.registry.write(`member/${i}`, { name: '' }, 1_000)
  }
  assert.throws(() => a.writeAsked(a.ring.added(key(2), 1_000, 'a')), /does not take it: .*at most 16384/)
})

test('who was given up and is there again enrols anew', () => {
  const { room, a, b } = three()
  a.dismiss([B])
  assert.not.ok(a.ring.members.has(B))
  room.deliver()
  assert.ok(a.ring.members.has(B), 'it lives')
  b.dismiss([B])
  room.deliver()
  assert.not.ok(a.ring.members.has(B), 'it has left by itself')
})

test.run()
