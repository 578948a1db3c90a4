/** Nodes that are stopped one after the other, under clients that come and go: `CASE=three`. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { ADDRESS, framesOf, PORT, printedBy, SurvivalSite } from './survival.js'
import { storyOf } from './waits.js'

const test = suite('cluster/stops', 300_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true }
const COMERS = fileURLToPath(new URL('./comers-main.ts', import.meta.url))

/** Beyond a lease, and not yet death. */
const PAUSED_MS = 700

/** What clients do: each comes, says a word every so often, so many of them, goes in order, and comes again. */
interface Comers {
  readonly count: number
  readonly words: number
  readonly everyMs: number
}

const command = (count: number, file: string) => {
  return [process.execPath, '--import', 'tsx', COMERS, ADDRESS, String(PORT), String(count), file]
}

async function stopInTurn(scope: Scope, names: readonly string[], comers: Comers): Promise<void> {
  const site = await SurvivalSite.of(names, scope, ADDRESS, '--local', 'equal')
  const { cluster } = site
  const file = path.join(cluster.folder, 'comers-end')
  const manner = [comers.words, comers.everyMs].map(String)
  // All that a few clients say; of many it would be too much.
  const seen = await site.capture(comers.count <= 100 ? 'tcp' : 'tcp[tcpflags] & tcp-rst != 0')
  const clients = site.lan.named('client').start('comers', [...command(comers.count, file), ...manner])
  await until(() => (printedBy(clients).includes('begun') ? true : undefined), 20_000, 'clients come')
  for (const node of [...cluster.nodes]) {
    const begun = Date.now()
    const { stdout } = await cluster.baton(node, 'stop')
    assert.match(stdout, /gives away what it directs, and ends/)
    await node.child?.ended
    process.stdout.write(`${node.name} was stopped within ${Date.now() - begun} ms\n`)
    cluster.up(node)
    await cluster.answers(node)
    await cluster.settled()
    assert.is((await node.client.programDrain(undefined, undefined)).drained, false, 'started again, it is as before')
    await until(
      async () => (await node.client.service('echo')).backends.every(({ state }) => state === 'healthy') || undefined,
      5_000,
      'all serve again',
    )
  }
  writeFileSync(file, '')
  await clients.ended
  const lines = printedBy(clients)
  const problems = lines.filter((line) => line.startsWith('problem'))
  const evidence = () => {
    const ports = problems.flatMap((problem) => /from port (\d+)/.exec(problem)?.[1] ?? [])
    const frames = framesOf(seen).filter((frame) => ports.some((port) => frame.includes(`.${port}`)))
    return [...problems, ...frames, storyOf(site)].join('\n')
  }
  assert.equal(problems, [], problems.length === 0 ? '' : evidence())
  const served = Number(lines.at(-1)?.split(' ')[1] ?? 0)
  assert.ok(served > comers.count, `${served} served`)
  process.stdout.write(`${served} connections were served\n`)
}

const CASES: readonly (readonly [title: string, names: readonly string[], comers: Comers])[] = [
  ['three nodes, 40 clients that come and go', ['a', 'b', 'c'], { count: 40, words: 20, everyMs: 50 }],
  ['five nodes, 500 clients with long connections', ['a', 'b', 'c', 'd', 'e'], { count: 500, words: 40, everyMs: 250 }],
]

for (const [title, names, comers] of CASES) {
  if (!title.includes(process.env['CASE'] ?? '')) continue
  test(
    `stopped one after the other, no client sees an error: ${title}`,
    (scope) => stopInTurn(scope, names, comers),
    NEEDS,
  )
}

const STANDS_STILL =
  'stands still beyond its lease while its programs end, so that another directs: it still waits for them, and no client sees an error'
const stopStandingStill = async (scope: Scope) => {
  const site = await SurvivalSite.of(['a', 'b', 'c'], scope, ADDRESS, '--local', 'equal')
  const { cluster, lan } = site
  const { node } = await site.director()
  const file = path.join(cluster.folder, 'comers-end')
  const clients = lan.named('client').start('comers', [...command(60, file), '40', '250'])
  await until(() => (printedBy(clients).includes('begun') ? true : undefined), 20_000, 'clients come')
  const begun = Date.now()
  const stopped = cluster.baton(node, 'stop')
  await until(
    async () => (await cluster.named('b').client.programDrain(node.name, undefined)).drained || undefined,
    5_000,
    'all know that it is drained',
  )
  node.child?.kill('SIGSTOP')
  await new Promise((resolve) => setTimeout(resolve, PAUSED_MS))
  node.child?.kill('SIGCONT')
  await stopped
  await node.child?.ended
  process.stdout.write(`${node.name} was stopped within ${Date.now() - begun} ms\n`)
  writeFileSync(file, '')
  await clients.ended
  const problems = printedBy(clients).filter((line) => line.startsWith('problem'))
  assert.equal(problems, [], problems.length === 0 ? '' : [...problems, storyOf(site)].join('\n'))
}
if (STANDS_STILL.includes(process.env['CASE'] ?? '')) test(STANDS_STILL, stopStandingStill, NEEDS)

test.run()
