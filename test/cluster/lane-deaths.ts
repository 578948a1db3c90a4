/** A lane of the director dies, with all that its heap held, and with it goes every connection's client half. */
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope } from '../harness/suite.js'
import { ADDRESS, losses, SurvivalSite, sumOf } from './survival.js'

const CLIENTS = 60
/** A heap that is nearly full is swept again and again before it is given up. */
const DEATH_MS_MAX = 20_000

/** The only lane of the director dies in each of these ways, one after the other; `say` is told how its connections fared. */
export async function surviveLanes(
  scope: Scope,
  ways: Readonly<Record<string, string>>,
  say: (line: string) => void = () => {},
): Promise<void> {
  const { site, deaths } = await SurvivalSite.buildMortal(scope, ADDRESS, ['--local', 'last'], ['--lanes', '1'])
  const dead = () => site.events('lane-died')
  for (const [name, source] of Object.entries(ways)) {
    const { node } = await site.director()
    const before = dead().length
    const report = await site.fare(ADDRESS, CLIENTS, async () => {
      deaths.ofLane(node, 0, source)
      await until(async () => (dead().length > before ? true : undefined), DEATH_MS_MAX, 'it dies')
    })
    const { ECONNRESET = 0, ...wrong } = losses(report)
    const waits = [...report.talking.waitsMs].sort((a, b) => a - b)
    const alive = sumOf(report, (fate) => fate.alive)
    say(
      `${name}: ${alive} live on, waited ${waits[waits.length >> 1]}, at most ${waits.at(-1)} ms; ${ECONNRESET} reset`,
    )
    assert.is((await site.director()).node, node, 'the node directs as before')
    assert.equal(wrong, {}, `${name}: nobody stalls, is ended or hears a wrong byte`)
    assert.is(report.silent.alive, CLIENTS / 2, 'who says nothing loses nothing')
    assert.ok(ECONNRESET <= CLIENTS / 10, `${name}: ${ECONNRESET} were reset`)
    assert.is(dead().at(-1)?.['clients'], CLIENTS)
    assert.is(node.child?.isOver, false)
  }
  const revived = site.events('recovered').filter((line) => Number(line['revived']) > 0)
  assert.equal(revived, [], 'nobody took over')
}

/** The only lane of a host that serves dies: its programs and their clients are told, all others go on, and it serves again. */
export async function loseServer(scope: Scope, source: string): Promise<void> {
  const { site, deaths } = await SurvivalSite.buildMortal(scope, ADDRESS, ['--local', 'last'], ['--lanes', '1'])
  const { node: director } = await site.director()
  const [server] = site.cluster.nodes.filter((node) => node !== director)
  if (server === undefined) throw new Error('no other node')
  const report = await site.fare(ADDRESS, CLIENTS, async () => {
    deaths.ofLane(server, 0, source)
    await until(async () => (site.events('lane-died').length > 0 ? true : undefined), 5_000, 'it dies')
  })
  const { ECONNRESET = 0, ...wrong } = losses(report)
  assert.equal(wrong, {}, 'nobody stalls, is ended or hears a wrong byte')
  assert.is(ECONNRESET, site.events('lane-died')[0]?.['programs'], 'whose program was served by it, and nobody else')
  assert.ok(ECONNRESET > 0 && ECONNRESET < CLIENTS, `${ECONNRESET} of ${CLIENTS}`)
  const after = await site.fare(ADDRESS, CLIENTS, () => {})
  assert.is(
    sumOf(after, ({ alive }) => alive),
    CLIENTS,
  )
  assert.is(server.child?.isOver, false)
}
