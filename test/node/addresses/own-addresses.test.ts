import { GRAVE_S } from '../../../src/kernel/bpf/grave-program.js'
import { assert, suite } from '../../harness/suite.js'
import { MAIL, Room, WEB } from '../address-room.js'
import { hook, until } from '../hook-script.js'
import { A } from '../sample.js'

const test = suite('node/addresses/own-addresses', 20_000)
const IP = '10.0.0.100'

test('a host without such services gets no device; with one it is made before anybody waits for it, once', (scope) => {
  const room = new Room(scope)
  room.addresses.prepare([
    { ...WEB, own: 'none' },
    { ...WEB, address: '127.0.0.100' },
  ])
  assert.is(room.opened, 0)
  room.addresses.prepare([WEB])
  room.addresses.prepare([WEB, MAIL])
  room.claim()
  assert.is(room.opened, 1)
})

test('ports and deadline stand before the address is there, and the network is told last', (scope) => {
  const room = new Room(scope)
  room.claim([WEB, MAIL])
  assert.equal([room.answers, room.take(), room.addresses.here], [[{ type: 'taken', given: true }], [], []])
  room.addresses.ready(IP)
  assert.equal(room.take(), ['ports 80,25', 'deadline 1000', `guard ${IP} 30000`, `add ${IP}`, `announce ${IP} 7`])
  assert.equal(room.addresses.here, [IP])
})

test('the guard is there before the address, until all its connections are known, and not again', (scope) => {
  const room = new Room(scope)
  room.claim()
  room.addresses.ready(IP)
  room.take()
  room.addresses.known(IP)
  assert.equal(room.take(), [`guard ${IP} no more`])
  room.clock.advanceTo(1_000)
  room.addresses.renewed(IP, 3_000)
  assert.not(
    room.take().some((what) => what.startsWith('guard')),
    'back after a deadline that was moved',
  )
  assert.equal(room.logged.includes('no-rst-guard'), false)
  room.claim([WEB], 2)
  room.addresses.known(IP)
  room.addresses.known('10.0.0.101')
  room.addresses.ready(IP)
  assert.not(
    room.take().some((what) => what.startsWith('guard')),
    'known before it was there',
  )
})

test('without the gate there is no guard, and the log says what that costs', (scope) => {
  const room = new Room(scope)
  room.network.guards = false
  room.claim()
  room.addresses.ready(IP)
  assert.ok(room.logged.includes('no-rst-guard'))
})

test('without a front door the address comes first: ports are bound to it one by one', (scope) => {
  const room = new Room(scope)
  room.network.hasFrontDoor = false
  room.claim()
  assert.equal(room.answers, [{ type: 'taken', given: false }])
  assert.ok(room.take().includes(`add ${IP}`))
  room.addresses.ready(IP)
  assert.equal(room.take(), [`announce ${IP} 7`])
})

test('rivals are looked for while connections are: the address waits for both', async (scope) => {
  for (const rival of [undefined, { mac: '02:00:00:00:00:99', interface: 'eth0' }]) {
    const room = new Room(scope)
    room.network.rival = rival
    let answered = 0
    void room.addresses.probe([WEB], (found) => {
      answered++
      assert.is(found, undefined, 'nobody has been heard yet')
    })
    assert.is(answered, 1, 'in the call')
    room.claim()
    let isHere = false
    room.addresses.ready(IP, () => {
      isHere = true
    })
    assert.equal([room.take(), isHere], [[], false])
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal([room.take().includes(`add ${IP}`), isHere], [rival === undefined, rival === undefined])
    const [, problem] = room.answers
    if (rival === undefined) assert.is(problem, undefined)
    else assert.match(JSON.stringify(problem), /"problem".*02:00:00:00:00:99 answers for it on eth0/)
  }
})

test('a lease that is lost while a rival is looked for brings no address', async (scope) => {
  const room = new Room(scope)
  void room.addresses.probe([WEB], () => {})
  room.claim()
  room.addresses.ready(IP, () => assert.unreachable('it is not here'))
  room.addresses.release(IP, { number: 1, holder: A })
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal([room.take(), room.addresses.here], [[], []])
})

test('renewals move the deadline; when it passes the address goes by itself', (scope) => {
  const room = new Room(scope)
  room.claim()
  room.addresses.ready(IP)
  room.take()
  room.clock.advanceTo(900)
  room.addresses.renewed(IP, 2_000)
  assert.equal(room.take(), ['deadline 2000'])
  room.clock.advanceTo(1_900)
  assert.equal(room.take(), [])
  room.clock.advanceTo(2_000)
  assert.equal([room.take(), room.addresses.here], [[`remove ${IP}`], []])
})

test('one of an older term takes nothing away from a newer one', (scope) => {
  const room = new Room(scope)
  room.claim()
  room.addresses.ready(IP)
  room.claim([WEB], 2)
  room.addresses.ready(IP)
  room.take()
  room.addresses.release(IP, { number: 1, holder: A })
  assert.equal(room.take(), [])
  room.addresses.release(IP, { number: 2, holder: A })
  assert.equal(room.take(), [`remove ${IP}`])
})

test('ports follow the programs while the address is here', (scope) => {
  const room = new Room(scope)
  room.claim()
  room.addresses.follow(IP, [WEB, MAIL])
  assert.equal(room.take(), [], 'it is not here yet')
  assert.equal(room.buried, [IP], 'what an earlier process has left of it is gone before')
  room.addresses.ready(IP)
  room.take()
  room.addresses.follow(IP, [MAIL])
  assert.equal(room.take(), ['ports 25'])
})

test('it is told of anew where the service names other interfaces', (scope) => {
  const room = new Room(scope)
  room.claim()
  room.addresses.ready(IP)
  room.take()
  room.addresses.follow(IP, [{ ...WEB, interface: 'eth1' }])
  assert.equal(room.take(), ['ports 80', `announce ${IP} 7`])
})

test('what is in the way is told in words: the host, the device, a rival', async (scope) => {
  const room = new Room(scope)
  room.network.problem = 'has it on eth0 already'
  room.claim()
  assert.equal(room.answers, [{ type: 'problem', why: 'has it on eth0 already' }])
  const next = new Room(scope)
  next.network.addResult = -1
  next.claim()
  next.addresses.ready(IP)
  assert.match(JSON.stringify(next.answers[1]), 'cannot bring 10.0.0.100 to its device: EPERM')
  assert.equal(next.addresses.here, [])
  next.network.rival = { mac: '02:00:00:00:00:99', interface: 'eth0' }
  next.network.hasFrontDoor = false
  const rival = await new Promise<string | undefined>((resolve) => void next.addresses.probe([WEB], resolve))
  assert.match(rival ?? '', /cannot take 10.0.0.100: .* 02:00:00:00:00:99 answers for it on eth0/)
  const none = await new Promise((resolve) => void next.addresses.probe([{ ...WEB, own: 'none' }], resolve))
  assert.is(none, undefined)
})

test('without its deadline in the kernel, or its ports, no address is brought', (scope) => {
  const room = new Room(scope)
  room.network.refusal = `no room for ${IP}: at most 256 addresses`
  room.claim()
  room.addresses.ready(IP)
  assert.match(JSON.stringify(room.answers[1]), 'cannot take 10.0.0.100: no room for 10.0.0.100')
  assert.equal(room.take(), ['ports 80', 'deadline 1000', `remove ${IP}`])
  assert.equal(room.addresses.here, [])
})

test('a service whose address is to come in another way is given up, to be taken anew', (scope) => {
  const room = new Room(scope)
  room.claim()
  room.addresses.ready(IP)
  room.addresses.follow(IP, [{ ...WEB, own: 'hook', hook: '/etc/baton/address' }])
  assert.match(JSON.stringify(room.answers[1]), /problem.*taken anew/)
})

test('what earlier lives left on the interfaces is taken off once, when it has nothing more to do', (scope) => {
  const room = new Room(scope)
  room.addresses.prepare([WEB])
  room.clock.advanceTo(room.clock.now() + GRAVE_S * 1_000 - 1)
  room.addresses.look()
  assert.equal(room.take(), [])
  room.clock.advanceTo(room.clock.now() + 1)
  room.addresses.look()
  room.addresses.look()
  assert.equal(room.take(), ['clear graves'])
})

test('a hook brings the address and takes it away, and no device is made', async (scope) => {
  const room = new Room(scope)
  const { web, calls } = hook(scope, WEB, 'exit 0')
  room.addresses.prepare([web])
  room.claim([web])
  await until(() => room.answers.length > 0)
  assert.equal(room.answers, [{ type: 'taken', given: false }])
  room.addresses.ready(IP)
  room.addresses.release(IP, { number: 1, holder: A })
  await until(() => calls().length === 2)
  assert.equal(calls(), [`add ${IP} web ipv4`, `remove ${IP} web ipv4`])
  assert.equal([room.opened, room.take()], [0, []])
})

test('a hook that fails says so with its last words; one that is missing too', async (scope) => {
  const room = new Room(scope)
  const { web } = hook(scope, WEB, 'echo "no such network" >&2; exit 3')
  room.claim([web])
  await until(() => room.answers.length === 1)
  assert.match(JSON.stringify(room.answers[0]), /exited with 3: no such network/)
  room.claim([{ ...web, hook: '/no/such/hook' }], 2)
  await until(() => room.answers.length === 2)
  assert.match(JSON.stringify(room.answers[1]), 'cannot be run (ENOENT)')
})

test('a node that ends waits for its hooks, also for one that is still bringing what nobody wants any more', async (scope) => {
  const room = new Room(scope)
  const { web, calls } = hook(scope, WEB, 'sleep 0.2; echo done >> "$(dirname "$0")/calls"')
  room.claim([web])
  await room.addresses.close()
  assert.equal(calls(), [`add ${IP} web ipv4`, 'done', `remove ${IP} web ipv4`, 'done'])
})

test('an address that a hook brings too late is taken away again', async (scope) => {
  const room = new Room(scope)
  const { web, calls } = hook(scope, WEB, 'sleep 0.1')
  room.claim([web])
  room.addresses.release(IP, { number: 1, holder: A })
  await until(() => {
    try {
      return calls().length === 2
    } catch {
      return false
    }
  })
  assert.equal(calls(), [`add ${IP} web ipv4`, `remove ${IP} web ipv4`])
  assert.equal(room.answers, [])
})

test('calls of a hook follow one another: what a later lease asked for is not taken away by an earlier one', async (scope) => {
  const room = new Room(scope)
  const { web, calls } = hook(scope, WEB, 'sleep 0.1; echo done >> "$(dirname "$0")/calls"')
  room.claim([web])
  room.addresses.release(IP, { number: 1, holder: A })
  room.claim([web], 2)
  await until(() => room.answers.length === 1)
  room.addresses.release(IP, { number: 2, holder: A })
  room.claim([web], 3)
  await until(() => room.answers.length === 2)
  const [add, remove] = [`add ${IP} web ipv4`, `remove ${IP} web ipv4`]
  assert.equal(calls(), [add, 'done', add, 'done', remove, 'done', add, 'done'])
})

test('an address that somebody takes away is brought back; with its device gone others may direct, and the next has a new one', (scope) => {
  const room = new Room(scope)
  room.claim()
  room.addresses.ready(IP)
  room.take()
  room.addresses.look()
  assert.equal([room.take(), room.logged.includes('address-taken-away')], [[], false])
  room.network.gone.push({ address: IP, result: 0 })
  room.addresses.look()
  assert.equal([room.take(), room.logged.includes('address-taken-away')], [[`announce ${IP} 7`], true])
  room.answers.length = 0
  room.network.gone.push({ address: IP, result: -19 })
  room.addresses.look()
  assert.equal(room.take(), ['close'])
  assert.match(JSON.stringify(room.answers), /has lost its device baton0/)
  assert.equal(room.addresses.here, [])
  room.addresses.release(IP, { number: 1, holder: A })
  assert.equal(room.take(), [])
  room.claim([WEB], 2)
  assert.is(room.opened, 2)
})

test('with its device gone a host hides its ports as before', (scope) => {
  const room = new Room(scope)
  room.addresses.prepare([{ ...WEB, hide: '80' }])
  room.claim()
  room.addresses.ready(IP)
  room.take()
  room.network.gone.push({ address: IP, result: -19 })
  room.addresses.look()
  assert.equal(room.take(), ['close', `hide 80 but at ${IP}`])
})

test('hidden ports are those of all services, but never those of the node itself; what is not possible is told once', (scope) => {
  const room = new Room(scope)
  room.addresses.prepare([{ ...WEB, own: 'none' }])
  assert.is(room.opened, 0)
  const hiding = [
    { ...WEB, own: 'none' as const, hide: '80,7439-7441' },
    { ...MAIL, hide: '25' },
  ]
  room.addresses.prepare(hiding)
  assert.equal(room.take(), [`hide 80,7439,7441,25 but at ${IP},${IP}`])
  room.network.hideResult = 'no BPF'
  for (let i = 0; i < 3; i++) room.addresses.prepare(hiding)
  assert.is(room.logged.filter((event) => event === 'ports-not-hidden').length, 1)
})

test('acknowledgements are held back once a service with an address of its own wants it; what is not possible is told once', (scope) => {
  const room = new Room(scope)
  room.addresses.prepare([WEB, { ...MAIL, own: 'none', uploads: 'survive' }])
  assert.equal(room.take(), [])
  const wanting = [{ ...WEB, uploads: 'survive' as const }]
  room.addresses.prepare(wanting)
  assert.equal(room.take(), ['hold acknowledgements'])
  room.network.holdResult = 'no tcx'
  for (let i = 0; i < 3; i++) room.addresses.prepare(wanting)
  assert.is(room.logged.filter((event) => event === 'no-ack-hold').length, 1)
})

test('a rival that is seen later is told of until a minute after its last word, and goes with the address', (scope) => {
  const room = new Room(scope)
  const rival = { mac: '02:00:00:00:00:99', interface: 'eth0' }
  room.claim()
  room.addresses.renewed(IP, room.clock.now() + 100_000)
  room.addresses.ready(IP)
  room.onRival(IP, rival, 1)
  room.clock.advanceTo(room.clock.now() + 1_000)
  room.onRival(IP, rival, 40)
  assert.is(room.disputes.length, 1)
  assert.match(
    room.disputes[0] ?? '',
    /has 10.0.0.100, and a host with the link address 02:00:00:00:00:99 on eth0 claims it/,
  )
  assert.is(room.logged.filter((event) => event === 'address-rival').length, 2)
  room.clock.advanceTo(room.clock.now() + 59_999)
  assert.is(room.disputes.length, 1)
  room.clock.advanceTo(room.clock.now() + 1)
  assert.equal(room.disputes.slice(1), [undefined])
  room.onRival(IP, rival, 1)
  room.addresses.release(IP, { number: 1, holder: A })
  assert.equal(room.disputes.slice(3), [undefined])
  room.onRival(IP, rival, 1)
  assert.is(room.disputes.length, 4)
})

test('packets are caught and heard for an address that is here alone', (scope) => {
  const room = new Room(scope)
  room.claim()
  assert.equal([room.addresses.hush(IP), room.addresses.deliver(IP, new Uint8Array(40))], [undefined, false])
  room.addresses.ready(IP)
  room.take()
  assert.ok(room.addresses.deliver(IP, new Uint8Array(40)))
  assert.is(room.addresses.hush(IP), undefined)
  assert.equal(room.take(), [`deliver to ${IP}`])
  assert.ok(room.logged.includes('packets-not-caught'))
  room.network.problem = 'has it on eth0 already'
  assert.is(room.addresses.problem([WEB]), 'has it on eth0 already')
  assert.is(room.addresses.problem([]), '')
})

test('what is given to the next process is not taken away at the end of this one', (scope) => {
  const room = new Room(scope)
  room.claim()
  room.take()
  room.addresses.giveAway()
  assert.equal(room.take(), ['give away'])
  assert.equal(room.addresses.vanish(), [])
})

test('an address that the process before has brought is asked of nobody: it is armed, and told again when it is served', (scope) => {
  const room = new Room(scope)
  const claim = { contest: IP, term: { number: 1, holder: A }, deadline: 1_000, slot: 7, services: [WEB] }
  room.addresses.adopt(claim, true, (taken) => room.answers.push(taken))
  assert.equal([room.answers, room.take()], [[], []])
  room.addresses.ready(IP)
  assert.equal(room.take(), ['ports 80', 'deadline 1000', `add ${IP}`, `announce ${IP} 7`])
  room.clock.advanceTo(1_000)
  assert.ok(room.take().includes(`remove ${IP}`), 'and it goes at its deadline')
})

test('at the end of the process the device gives its addresses away; without a device there is none', (scope) => {
  const room = new Room(scope)
  assert.equal(room.addresses.vanish(), [])
  room.claim()
  assert.equal(room.addresses.vanish(), [IP])
})

test.run()
