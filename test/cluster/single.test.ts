/** A daemon that must never run twice: relocated, ill, killed, its node killed, paused and cut off. */
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { DaemonSite } from './daemon-site.js'
import { addService, startCluster, startHello } from './fixture.js'

const test = suite('cluster/single', 110_000)
const CHECKS = ['--check-interval', '200ms', '--check-fall', '2', '--check-timeout', '2s']
const NEEDS = { needs: ['setsid'] }

test(
  'relocated from any node, by name and by turns: it runs once, clients reach it, and what cannot be is refused',
  async (scope) => {
    const site = await DaemonSite.build(scope, ...CHECKS)
    const { cluster } = site.fixture
    const first = await site.active()
    await site.assertServes(first)
    const [one] = cluster.live()
    if (one === undefined) throw new Error('a node')
    const times: number[] = []
    let at = first
    for (let i = 0; i < 6; i++) {
      const to = cluster.live().find(({ name }) => name !== at)?.name ?? ''
      const by = cluster.live()[i % 3] ?? one
      const { stdout } = await cluster.baton(by, 'relocate', 'daemon', '--to', to, '--json')
      const view = JSON.parse(stdout)
      assert.is(view.to.name, to)
      times.push(view.ms)
      at = await site.active(at)
      assert.is(at, to)
      await site.assertServes(to)
    }
    process.stdout.write(`relocated within ${Math.max(...times.map(Math.round))} ms at most\n`)
    const { sentences } = await one.client.why('daemon')
    assert.match(sentences.join(' '), `It runs on one node at a time: ${at} runs it in term`)
    assert.match(sentences.join(' '), /gets no new connections|Next would be/)
    const refused = await cluster.baton(one, 'relocate', 'daemon', '--to', at).catch(({ stderr }) => String(stderr))
    assert.match(String(refused), /runs on node\d already/)
    await cluster.baton(one, 'service', 'set', 'daemon', '--hosting', `${at},node9`, '--placement', 'restricted')
    const nobody = await cluster.baton(one, 'relocate', 'daemon').catch(({ stderr }) => String(stderr))
    assert.match(String(nobody), /no node but node\d may host daemon now/)
    site.assertNeverTwo()
  },
  NEEDS,
)

test.long(
  'ill it is started again, and then elsewhere; a start that fails gives the next node its turn; one that is killed is back',
  async (scope) => {
    const site = await DaemonSite.build(scope, ...CHECKS)
    const first = await site.active()
    const pid = site.pidOn(first)
    process.kill(pid, 'SIGKILL')
    await site.reborn(first, pid)
    assert.is(await site.active(), first, 'where it was')

    site.setting(first, 'is-ill', true)
    const second = await site.active(first)
    site.setting(second, 'fails-to-start', true)
    site.setting(second, 'is-ill', true)
    // The first may have another turn before, and is as ill as it was.
    const third = await site.active([first, second], 40_000)
    assert.is(await site.ask(), third)
    site.assertNeverTwo()
  },
  NEEDS,
)

test(
  'its node is killed, stands still, is stopped: another runs it, and never two',
  async (scope) => {
    const site = await DaemonSite.build(scope, ...CHECKS)
    const { cluster } = site.fixture
    const first = await site.active()
    const stopping = Date.now()
    await cluster.stop(site.node(first))
    const second = await site.active(first)
    process.stdout.write(`after an orderly stop of its node within ${Date.now() - stopping} ms\n`)
    cluster.up(site.node(first))
    await cluster.answers(site.node(first))
    await cluster.settled()

    const paused = Date.now()
    site.node(second).child?.kill('SIGSTOP')
    scope.defer(() => void site.node(second).child?.kill('SIGCONT'))
    await new Promise((resolve) => setTimeout(resolve, 9_000))
    site.node(second).child?.kill('SIGCONT')
    const third = await site.active(second)
    process.stdout.write(`after a pause of 9 s within ${Date.now() - paused} ms\n`)

    const killed = Date.now()
    await cluster.kill(site.node(third))
    const fourth = await site.active(third)
    process.stdout.write(`after SIGKILL of its node within ${Date.now() - killed} ms\n`)
    assert.is(await site.ask(), fourth)
    assert.ok(site.lives().length >= 4)
    site.assertNeverTwo()
  },
  NEEDS,
)

test.long(
  'a node that is killed and back within the hold goes on with the same process',
  async (scope) => {
    const site = await DaemonSite.build(scope, ...CHECKS, '--hold', '8s')
    const { cluster } = site.fixture
    const first = await site.active()
    const pid = site.pidOn(first)
    for (const node of cluster.live())
      if (node.name !== first)
        await cluster.baton(node, 'service', 'set', 'daemon', '--hosting', first, '--placement', 'restricted')
    await cluster.kill(site.node(first))
    cluster.up(site.node(first))
    await cluster.answers(site.node(first))
    assert.is(await site.active(), first)
    assert.is(site.pidOn(first), pid, 'nobody has started it anew')
    await cluster.replace(site.node(first))
    assert.is(await site.active(), first)
    assert.is(site.pidOn(first), pid, 'nor after the node was replaced by another process')
    site.assertNeverTwo()
  },
  NEEDS,
)

test.long(
  'without a program of its own: one of those that listen is active, and the next when it listens no more',
  async (scope) => {
    const fixture = await startCluster(scope)
    const programs = startHello(scope, fixture, 8_091, false)
    await addService(fixture, 'lone', '8091', 3, '--mode', 'single')
    const [one] = fixture.cluster.live()
    const activeOf = async (not = '') => {
      const view = await one?.client.service('lone')
      const healthy = view?.backends.filter(({ state }) => state === 'healthy').map(({ node }) => node.name) ?? []
      return healthy.length === 1 && healthy[0] !== not && view?.hosting?.node?.name === healthy[0]
        ? healthy[0]
        : undefined
    }
    const first = await until(activeOf, 10_000, 'one is active')
    const standby = (await one?.client.service('lone'))?.backends.filter(({ state }) => state === 'standby') ?? []
    assert.is(standby.length, 2)
    await programs.get(first)?.stop()
    const second = await until(() => activeOf(first), 10_000, 'another is active')
    assert.is.not(second, first)
  },
)

test.run()
