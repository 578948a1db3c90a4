import { Prng } from '../../src/base/prng.js'
import { electionConfig } from '../../src/election/config.js'
import { emptyState, foundElectorate } from '../../src/election/durable-state.js'
import { Elections } from '../../src/election/elections.js'
import { gossipConfig } from '../../src/gossip/config.js'
import { Facts } from '../../src/gossip/facts.js'
import { Registry } from '../../src/gossip/registry.js'
import { Swim } from '../../src/gossip/swim.js'
import { Sync } from '../../src/gossip/sync.js'
import { NOTHING_TO_TAKE } from '../../src/node/addresses/address-keeper.js'
import { Node } from '../../src/node/node.io.js'
import { registryKey } from '../../src/node/services/services.js'
import type { ToLane } from '../../src/proxy/lane-protocol.js'
import { LeaseSlots } from '../../src/proxy/lease-slots.js'
import { fieldsOfService } from '../../src/proxy/service-fields.js'
import { FakeClock } from '../harness/fake-clock.js'
import { assert, suite } from '../harness/suite.js'
import { A, B, listener, member, service } from './sample.js'

const test = suite('node/node')
const WEB = service('web', 80)

function room() {
  const [clock, random] = [new FakeClock(), new Prng(1)]
  const [logged, posted]: [string[], ToLane[]] = [[], []]
  const self = member(A).profile
  const [registry, facts] = [new Registry(A), new Facts({ node: A, boot: 1 })]
  /** What this node says to others, as it stood whenever its lane heard of its programs. */
  const saidBefore: (Uint8Array | undefined)[] = []
  const toLane = (message: ToLane) => {
    posted.push(message)
    if (message.type === 'local-listeners') saidBefore.push(facts.get(A)?.bytes)
  }
  const durable = { ...emptyState(1), electorate: foundElectorate(A, 1) }
  const nothing = () => {}
  const node = new Node(
    self,
    {
      swim: new Swim({ self, config: gossipConfig('test'), random }),
      sync: new Sync({ registry, facts, clock, random }),
      elections: new Elections({
        self: A,
        boot: 1,
        config: electionConfig('test'),
        random,
        durable,
        isFresh: true,
        now: 0,
        directs: true,
        diesWithProcess: true,
        probesRivals: false,
      }),
      registry,
      facts,
    },
    {
      clock,
      logger: { log: (_level, event) => void logged.push(event) },
      random,
      leases: new LeaseSlots(LeaseSlots.bytes()),
      sendDatagram: nothing,
      sendToPeer: nothing,
      wantPeer: nothing,
      unwantPeer: nothing,
      dataAt: [{ address: '10.0.0.10', port: 7441 }],
      suites: ['secretstream'],
      toLane,
      saveVotes: nothing,
      saveRegistry: nothing,
      rememberMembers: nothing,
      later: (run) => queueMicrotask(run),
      addresses: NOTHING_TO_TAKE,
    },
  )
  node.start()
  node.write([{ name: registryKey('web'), changes: fieldsOfService(WEB) }])
  const directs = (): Extract<ToLane, { type: 'direct' }>[] => posted.filter((message) => message.type === 'direct')
  return { clock, node, logged, posted, directs, facts, saidBefore }
}

test('a service that is added is directed, and the lane hears of the service first', () => {
  const { clock, posted, directs, node } = room()
  clock.advanceTo(2_000)
  assert.is(directs().length, 1)
  const known = posted.findIndex((message) => message.type === 'services' && message.services.length > 0)
  assert.ok(known >= 0 && known < posted.findIndex(({ type }) => type === 'direct'))
  node.write([{ name: registryKey('web'), changes: undefined }])
  const why = posted.map((message) => (message.type === 'undirect' ? message.why : undefined))
  assert.ok(why.includes('service-removed'))
})

test('of its programs the lane hears before other nodes do, whose connections it would refuse', async () => {
  const { clock, node, facts, saidBefore } = room()
  clock.advanceTo(2_000)
  node.knowledge.setMembers([member(A)])
  await new Promise((resolve) => setImmediate(resolve))
  const said = facts.get(A)?.bytes
  saidBefore.length = 0
  node.programs.onListeners([{ ...listener(80), inode: 7 }])
  await new Promise((resolve) => setImmediate(resolve))
  clock.advanceTo(3_000)
  assert.not.equal(facts.get(A)?.bytes, said)
  assert.equal(saidBefore, [said])
})

test('a port that cannot be listened on gives the lease away, and it is tried again later', () => {
  const { clock, node, posted, directs } = room()
  clock.advanceTo(2_000)
  const term = directs()[0]?.term ?? { number: 0, holder: A }
  node.onLane({
    type: 'cannot-serve',
    service: 'web',
    term,
    at: { address: WEB.address, port: 80 },
    code: 'EADDRINUSE',
  })
  assert.equal(posted.at(-1), { type: 'undirect', service: 'web', slot: 0, why: 'other' })
  assert.match(JSON.stringify(node.directing.obstacle('web')), 'EADDRINUSE')
  clock.advanceTo(4_900)
  assert.is(directs().length, 1)
  clock.advanceTo(10_000)
  assert.is(directs().length, 2)
})

test('what the lane says of an earlier term is not taken for success', () => {
  const { clock, node, logged } = room()
  clock.advanceTo(2_000)
  const term = { number: 0, holder: B }
  node.onLane({
    type: 'cannot-serve',
    service: 'web',
    term,
    at: { address: WEB.address, port: 80 },
    code: 'EADDRINUSE',
  })
  node.onLane({ type: 'serving', service: 'web', term })
  assert.not(logged.includes('serving'))
  assert.ok(node.directing.names().includes(WEB.address))
})

test('a service that is removed takes its obstacle with it: one of the same name starts anew', () => {
  const { clock, node, directs } = room()
  clock.advanceTo(2_000)
  const term = directs()[0]?.term ?? { number: 0, holder: A }
  node.onLane({ type: 'cannot-serve', service: 'web', term, at: { address: WEB.address, port: 80 }, code: 'EACCES' })
  node.write([{ name: registryKey('web'), changes: undefined }])
  assert.is(node.directing.obstacle('web'), undefined)
})

test.run()
