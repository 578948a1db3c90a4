/** What a lane that died has left, and nobody has a row of. */
import { Estate } from '../../src/lane/estate.js'
import { Lane } from '../../src/lane/lane.js'
import type { Bequest, FromLane } from '../../src/proxy/lane-protocol.js'
import { assert, suite } from '../harness/suite.js'
import { FakeSocket } from '../proxy/fake-socket.js'
import { SERVICE } from './fake-cluster.js'
import { fakeContext } from './fake-context.js'

const test = suite('lane/estate')
const TERM = { number: 3, holder: 'me' }

function bequest(fd: number, address = SERVICE.address): Bequest {
  const client = { address: '192.0.2.9', port: 40_000 + fd }
  return { fd, client, destination: { address, port: 80 }, isAccepted: true }
}

test('each is taken once, by both its ends', () => {
  const estate = new Estate()
  estate.add([bequest(1), bequest(2), bequest(3, '10.0.0.7')])
  const { client, destination } = bequest(1)
  assert.is(estate.take({ client, destination: { ...destination, port: 81 } }), undefined)
  assert.is(estate.take({ client, destination })?.fd, 1)
  assert.is(estate.take({ client, destination }), undefined)
  const rest = estate.takeRest(({ address }) => address === SERVICE.address)
  assert.equal(
    rest.map(({ fd }) => fd),
    [2],
  )
  assert.equal(
    estate.takeRest(() => true).map(({ fd }) => fd),
    [3],
  )
})

test('when all nodes have told what they have, the rest is accepted anew where it can be, under a name that was never given', () => {
  const posted: FromLane[] = []
  const unused = () => {
    throw new Error('not asked for here')
  }
  const sockets = { engine: 'fake', dial: unused, listen: unused }
  const context = fakeContext({ now: 1_000, sockets, post: (message) => posted.push(message) }, 'me')
  context.leases.set(0, 1e9)
  // So many had been accepted by the one before.
  context.counters.accepted = 7
  const asked: number[] = []
  const fresh = new FakeSocket()
  const rebuilder = {
    past: unused,
    capture: unused,
    snapshot: () => ({ bytes: new Uint8Array(0), at: 0 }),
    rebuild: unused,
    adopt: unused,
    adoptFresh: ({ fd }: Bequest) => {
      asked.push(fd)
      return fd === 1 ? fresh : undefined
    },
    tap: unused,
    isTaken: unused,
    unread: unused,
  }
  const lane = new Lane({ ...context, rebuilder })
  lane.receive({ type: 'services', services: [{ ...SERVICE, outward: 0, own: 'tun' }] })
  lane.receive({ type: 'estate', bequests: [bequest(1), bequest(2), bequest(3, '10.0.0.7')] })
  lane.receive({ type: 'direct', service: SERVICE.name, term: TERM, slot: 0, given: true, members: ['me'] })
  assert.equal(asked, [1, 2])
  assert.is(context.counters.accepted, 8)
  assert.is(posted.filter(({ type }) => type === 'recovered').length, 1)
  assert.equal(lane.nextSpliceId().counter, 7 + 1 + 1, 'one name was given since')
})

test.run()
