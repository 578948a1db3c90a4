/** A node of a release that cannot speak with the others: both say who is to be upgraded. And a witness tells what it runs. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { UpgradePlan } from '../../src/cli/upgrade-plan.js'
import { type LabNode, LocalCluster } from '../../src/lab/cluster.io.js'
import { BATON } from '../../src/lab/cluster-programs.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'

const test = suite('cluster/versions apart', 60_000)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const BLOCK = `127.${10 + (process.pid % 200)}.${(process.pid >> 8) % 250}`
const QUICK = ['--profile', 'test', '--cipher', 'secretstream', '--lanes', '1']

/** This release, as it may be one day: it has given up what it says today. */
function laterProgram(scope: Scope): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-later-'))
  scope.defer(() => rmSync(folder, { recursive: true, force: true }))
  for (const part of ['bin', 'dist', 'package.json'])
    cpSync(path.join(ROOT, part), path.join(folder, part), { recursive: true })
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'))
  change(
    path.join(folder, 'dist/trunk/hello.js'),
    'CONTROL_VERSIONS = { lowest: 1, highest: 1 }',
    'CONTROL_VERSIONS = { lowest: 2, highest: 3 }',
  )
  change(path.join(folder, 'package.json'), /"version": "[^"]*"/, '"version": "0.9.0"')
  return path.join(folder, 'bin/baton.js')
}

function change(file: string, what: string | RegExp, to: string): void {
  const before = readFileSync(file, 'utf8')
  const after = before.replace(what, to)
  assert.is.not(after, before, `${file} has ${what}`)
  writeFileSync(file, after)
}

async function planAt(cluster: LocalCluster, node: LabNode): Promise<UpgradePlan> {
  const said = await cluster.baton(node, 'upgrade', '--check', '--json').catch((error: unknown) => error)
  return JSON.parse((said as { stdout: string }).stdout) as UpgradePlan
}

test('without a common version no link is made, and status and log of both name the one to upgrade', async (scope) => {
  const later = laterProgram(scope)
  const cluster = await LocalCluster.start({
    addresses: [1, 2, 3].map((i) => `${BLOCK}.${20 + i}`),
    folder: mkdtempSync(path.join(os.tmpdir(), 'baton-test-')),
    upArguments: QUICK,
    programOf: (name) => (name === 'node3' ? later : BATON),
  })
  scope.defer(async () => {
    await cluster.remove()
    rmSync(cluster.folder, { recursive: true, force: true })
  })
  const [one, , three] = cluster.nodes
  if (one === undefined || three === undefined) throw new Error('three nodes')
  const shows = async (node: LabNode, words: RegExp) => {
    let last = ''
    const look = async () => {
      last = (await cluster.baton(node, 'status')).stdout.replace(/\s+/g, ' ')
      return words.test(last) || undefined
    }
    await until(look, 10_000, () => `${node.name} shows ${words}: ${last}`, 100)
  }
  await shows(
    one,
    /no control link \(no common version .*node3 \(Baton 0\.9\.0\) speaks versions 2 to 3, this node version 1; upgrade this node\)/,
  )
  await shows(
    three,
    /no control link \(no common version .*node1 \(Baton [^)]*\) speaks version 1, this node versions 2 to 3; upgrade node1\)/,
  )
  assert.match(cluster.log(one), /"event":"control-(dial-failed|link-refused)".*upgrade this node/)
  assert.match(cluster.log(three), /"event":"control-(dial-failed|link-refused)".*upgrade node1/)
  const plan = await planAt(cluster, one)
  assert.is(plan.verdict, 'blocked')
  assert.match(
    plan.obstacles.find(({ node }) => node?.name === 'node3')?.why ?? '',
    /node3 has no control link.*upgrade this node/,
  )
})

test('a witness tells what it runs like any other node', async (scope) => {
  const cluster = await LocalCluster.start({
    addresses: [1, 2, 3].map((i) => `${BLOCK}.${30 + i}`),
    witnesses: ['node3'],
    upArguments: QUICK,
  })
  scope.defer(() => cluster.remove())
  await cluster.settled()
  const [one] = cluster.nodes
  if (one === undefined) throw new Error('a node')
  const isTold = async () => (await planAt(cluster, one)).verdict === 'done' || undefined
  await until(isTold, 5_000, 'all have told what they run')
})

test.run()
