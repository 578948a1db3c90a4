/**
 * A cluster of five nodes is upgraded from the release before this one, node by node, under 500 connections: by own restarts, which
 * cost nothing; by stops and starts, under clients that come and go; and a node goes back. `CASE=own`, `CLIENTS=500`.
 */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LabNode } from '../../src/lab/cluster.io.js'
import { until } from '../../src/lab/wait.io.js'
import { EARLIER } from '../harness/earlier-release.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { mixedSite, NEEDS, Releases } from './releases.js'
import { ADDRESS, PORT, printedBy, type SurvivalSite } from './survival.js'
import { assertWhole, storyOf } from './waits.js'

const test = suite('cluster/upgrade', 400_000)
const show = (title: string, body: (scope: Scope) => Promise<void>) => {
  if (title.includes(process.env['CASE'] ?? '')) test(title, body, NEEDS)
}
const CLIENTS = Number(process.env['CLIENTS'] ?? 500)
const NODES = ['a', 'b', 'c', 'd', 'e']
/** Each of the half that talk says something so often. */
const TALK_EVERY_MS = 250
/** Of each connection that comes and goes: ten seconds. */
const WORDS = 40
const COMERS = fileURLToPath(new URL('./comers-main.ts', import.meta.url))

show(
  `own restarts: none of ${CLIENTS} connections is lost, nobody loses a lease, and no port refuses`,
  async (scope) => {
    const releases = new Releases(NODES)
    const site = await mixedSite(scope, NODES, releases, 'wan', '--local', 'equal')
    const { node: director } = await site.director()
    const comers = await come(site, 20)
    const report = await site.fare(
      ADDRESS,
      CLIENTS,
      () => eachInTurn(site, releases, (node) => site.cluster.replace(node)),
      () => {},
      TALK_EVERY_MS,
    )
    assertWhole(report, CLIENTS, 'five own restarts, each to this release', storyOf(site))
    assert.ok((await comers()) > 0)
    assert.is((await site.director()).node.name, director.name)
    assert.equal(site.events('lease-lost'), [], storyOf(site))
  },
)

show(`own restarts back: none of ${CLIENTS} connections is lost`, async (scope) => {
  const releases = new Releases([])
  const site = await mixedSite(scope, ['a', 'b', 'c'], releases, 'wan', '--local', 'equal')
  const back = () => eachInTurn(site, releases, (node) => site.cluster.replace(node), 'back')
  const report = await site.fare(ADDRESS, CLIENTS, back, () => {}, TALK_EVERY_MS)
  assertWhole(report, CLIENTS, 'three own restarts, each to the earlier release', storyOf(site))
})

show(
  `stops and starts: none of ${CLIENTS} clients that come and go sees an error, also where a node goes back`,
  async (scope) => {
    const releases = new Releases(NODES)
    const site = await mixedSite(scope, NODES, releases, 'wan', '--local', 'equal')
    const { cluster } = site
    const comers = await come(site, CLIENTS)
    const restart = async (node: LabNode) => {
      await cluster.baton(node, 'stop')
      await node.child?.ended
      cluster.up(node)
    }
    await eachInTurn(site, releases, restart)
    const { node: director } = await site.director()
    const other = cluster.nodes.find(({ name }) => name !== director.name)
    if (other === undefined) throw new Error('no other node')
    // One that serves goes back, and the one that directs, so that the earlier release takes part in all of it.
    for (const node of [other, director]) {
      await cluster.baton(node, 'stop')
      await node.child?.ended
      releases.downgrade(node.name)
      cluster.up(node)
      await ready(site, node, EARLIER.version)
    }
    assert.ok((await comers()) > CLIENTS)
  },
)

async function eachInTurn(
  site: SurvivalSite,
  releases: Releases,
  replace: (node: LabNode) => Promise<void>,
  way: 'on' | 'back' = 'on',
): Promise<void> {
  for (const node of [...site.cluster.nodes]) {
    const before = (await node.client.status()).node.version
    if (way === 'on') releases.upgrade(node.name)
    else releases.downgrade(node.name)
    await replace(node)
    const now = await ready(site, node, way === 'back' ? EARLIER.version : undefined)
    process.stdout.write(`${node.name} runs ${now} in the place of ${before}\n`)
    assert.is.not(now, before)
  }
}

/** It is there again, of that release, and its program takes clients. */
async function ready(site: SurvivalSite, node: LabNode, version?: string): Promise<string> {
  await site.cluster.answers(node)
  await site.cluster.settled()
  const all = site.cluster.nodes.length
  const serves = async () => {
    const { backends } = await node.client.service('echo')
    return (backends.length === all && backends.every(({ state }) => state === 'healthy')) || undefined
  }
  await until(serves, 10_000, 'all serve')
  const now = (await node.client.status()).node.version
  if (version !== undefined) assert.is(now, version)
  return now
}

/** Clients that come and go until the answer is called: how many connections were served, each to its last word. */
async function come(site: SurvivalSite, count: number): Promise<() => Promise<number>> {
  const file = path.join(site.cluster.folder, 'comers-end')
  const manner = [ADDRESS, String(PORT), String(count), file, String(WORDS), String(TALK_EVERY_MS)]
  const clients = site.lan.named('client').start('comers', [process.execPath, '--import', 'tsx', COMERS, ...manner])
  await until(() => (printedBy(clients).includes('begun') ? true : undefined), 20_000, 'clients come')
  return async () => {
    writeFileSync(file, '')
    await clients.ended
    const lines = printedBy(clients)
    assert.equal(
      lines.filter((line) => line.startsWith('problem')),
      [],
      storyOf(site),
    )
    const served = Number(lines.at(-1)?.split(' ')[1] ?? 0)
    process.stdout.write(`${served} connections came and went\n`)
    return served
  }
}

test.run()
