/** Programs that are reached from the client's address: whose it is, and what happens where that cannot be done. */
import { assert, suite } from '../harness/suite.js'
import { DirectingLane } from './directing-lane.js'
import { bytesOf } from './link-under-test.js'

const test = suite('lane/client-source')

/** That of FakeSocket. */
const CLIENT = { address: '192.0.2.20', port: 40_000 }

function lane(settings = {}, why: string | undefined = '') {
  const room = new DirectingLane(0, undefined, { source: 'client', ...settings })
  if (why !== undefined) room.lane.receive({ type: 'source-way', why })
  return room
}

function refusals(room: DirectingLane): string[] {
  return room.heard.flatMap((message) =>
    message.type === 'log' && message.event === 'backend-refused' ? [String(message.fields['detail'])] : [],
  )
}

test('a program is dialled as the client, and otherwise as the node', () => {
  const room = lane()
  room.accept()
  assert.equal(room.dialled[0]?.as, CLIENT)
  const plain = lane({ source: 'node' })
  plain.accept()
  assert.is(plain.dialled[0]?.as, undefined)
})

test('as whom the proxy in front has named', () => {
  const room = lane({ acceptProxy: `${CLIENT.address}/32` })
  room.accept().say(bytesOf('PROXY TCP4 198.51.100.7 203.0.113.9 51000 443\r\n'))
  assert.equal(room.dialled[0]?.as, { address: '198.51.100.7', port: 51_000 })
})

test('a node that cannot do it refuses, and never goes by its own address instead', () => {
  const unsaid = new DirectingLane(0, undefined, { source: 'client' })
  for (const [room, why] of [
    [unsaid, /not set it up yet/],
    [lane({}, 'SO_MARK is refused: EPERM'), /from the client's address: SO_MARK is refused: EPERM/],
  ] as const) {
    const client = room.accept()
    assert.equal(room.dialled, [])
    assert.match(refusals(room)[0] ?? '', why)
    assert.is(client.resets, 1)
  }
})

test('a client of another family than the program’s address is refused', () => {
  const room = lane({ acceptProxy: `${CLIENT.address}/32` })
  const client = room.accept()
  client.say(bytesOf('PROXY TCP6 2001:db8::7 2001:db8::9 51000 443\r\n'))
  assert.equal(room.dialled, [])
  assert.match(
    refusals(room)[0] ?? '',
    /not listen on an address of the client's family \(2001:db8::7; it is at 10\.0\.0\.1\)/,
  )
  assert.is(client.resets, 1)
})

test('a program that listens on addresses of both families is reached by the client’s', () => {
  const room = lane({ acceptProxy: `${CLIENT.address}/32` })
  room.lane.receive({ type: 'local-listeners', listeners: [{ port: 80, address: '10.0.0.1', other: '::1' }] })
  room.accept().say(bytesOf('PROXY TCP6 2001:db8::7 2001:db8::9 51000 443\r\n'))
  room.accept().say(bytesOf('PROXY TCP4 198.51.100.7 203.0.113.9 51000 443\r\n'))
  assert.equal(
    room.dialled.map(({ to }) => to.address),
    ['::1', '10.0.0.1'],
  )
})

test('the sorry backend is reached as ever', () => {
  const room = lane({ sorry: '10.0.0.9:8080' }, 'no')
  room.accept()
  assert.equal([room.dialled[0]?.to, room.dialled[0]?.as], [{ address: '10.0.0.9', port: 8_080 }, undefined])
})

test.run()
