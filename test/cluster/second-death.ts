/** A director is killed, and the next one as soon as it has said something: what becomes of connections. */

import type { TalkersReport } from '../../src/lab/fates.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope } from '../harness/suite.js'
import { ADDRESS, losses, SurvivalSite, sumOf } from './survival.js'

export const NAMES = ['a', 'b', 'c', 'd', 'e']
export const CLIENTS = 60

/** As soon as a node but those has said it. */
export async function said(site: SurvivalSite, event: string, but: string): Promise<string> {
  const nodes = site.cluster.nodes.filter(({ name }) => name !== but)
  const before = new Map(nodes.map((node) => [node, site.cluster.log(node).length]))
  return until(
    () => nodes.find((node) => site.cluster.log(node).slice(before.get(node)).includes(`"event":"${event}"`))?.name,
    20_000,
    `somebody says ${event}`,
    1,
  )
}

/** Connections with a verdict, as each lane of the nodes has said last; `by`: of one node alone. */
export function decided(site: SurvivalSite, by: string): number {
  const last = new Map(site.events('verdicts', by).map((line) => [line['lane'], line]))
  const words = ['proven', 'filled', 'reset', 'gone']
  return [...last.values()].reduce((sum, line) => sum + words.reduce((all, word) => all + Number(line[word]), 0), 0)
}

/** Whoever lives and took over has judged all that it rebuilt: the longer clients were in the dark, the longer their timers are waited for. */
async function settled(site: SurvivalSite, killed: readonly string[]): Promise<void> {
  const living = site.cluster.nodes.filter(({ name }) => !killed.includes(name))
  const rebuilt = (name: string) => Number(site.events('recovered', name).at(-1)?.['revived'] ?? 0)
  const isDone = ({ name }: { name: string }) => rebuilt(name) > 0 && decided(site, name) >= rebuilt(name)
  await until(
    () => (living.some(isDone) ? true : undefined),
    25_000,
    () => {
      return living.map(({ name }) => `${name} has judged ${decided(site, name)} of ${rebuilt(name)}`).join(', ')
    },
  )
}

export async function killInSuccession(scope: Scope, event: string): Promise<void> {
  const site = await SurvivalSite.of(NAMES, scope, ADDRESS, '--local', 'last')
  // The standbys hear of a connection within two seconds: before, a client that waits for an answer is told by nobody.
  site.talkedMs = 3_000
  const { node } = await site.director()
  const killed = [node.name]
  const report = await site.fare(ADDRESS, CLIENTS, async () => {
    const both = Promise.all(['lease-acquired', event].map((word) => said(site, word, node.name)))
    await site.cluster.kill(node)
    const [name = ''] = await both
    killed.push(name)
    await site.cluster.kill(site.cluster.named(name))
    await settled(site, killed)
  })
  const { ECONNRESET = 0, ...wrong } = losses(report)
  assert.equal(wrong, {}, `nobody stalls, is ended or hears a wrong byte (${killed} are dead)\n${story(site, report)}`)
  const alive = sumOf(report, (fates) => fates.alive)
  // A quarter had its program on the second one's host.
  assert.ok(alive >= CLIENTS / 2, `${alive} of ${CLIENTS} live on, ${ECONNRESET} were reset\n${story(site, report)}`)
  assert.is(alive + ECONNRESET, CLIENTS)
  assert.not(killed.includes((await site.director()).node.name))
}

const STORY = [
  'lease-acquired',
  'ledger-told',
  'recovered',
  'address-here',
  'guard-over',
  'verdicts',
  'not-rebuilt',
  'splice-reset',
  'farewells',
]

/** For whoever has to find out why. */
function story(site: SurvivalSite, { talking, silent }: TalkersReport): string {
  const lines = STORY.flatMap((word) => site.events(word).map((line) => JSON.stringify(line)))
  const fates = [talking, silent].map(({ alive, lost }) => JSON.stringify({ alive, lost }))
  return [...fates, ...lines.sort()].join('\n')
}
