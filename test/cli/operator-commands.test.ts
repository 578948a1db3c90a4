/** Drills, drains and metrics as they are typed, against a node with fixed answers. */

import { PassThrough, Writable } from 'node:stream'
import { BatonError } from '../../src/base/errors.js'
import { plain } from '../../src/cli/colour.js'
import { confirm } from '../../src/cli/confirm.js'
import { renderDrillPlan, renderDrillReport } from '../../src/cli/drill-view.js'
import { planUpgrade } from '../../src/cli/upgrade-plan.js'
import type { StatusView } from '../../src/node/control/control-protocol.js'
import { assert, suite } from '../harness/suite.js'
import { baton } from './baton.js'
import { startFakeNode } from './fake-node.js'
import { finished, notBegun, stuck } from './fake-upgrades.js'
import { drillPlan, drillReport } from './views.js'

const test = suite('cli/operator-commands', 15_000)
const SCREEN = { width: 80, paint: plain }

test('a drill says what it will do, does it in the term that it has told of, and reports', async (scope) => {
  const { folder, asked } = await startFakeNode(scope)
  const { exit, stdout, stderr } = await baton(['drill', 'web', '--fault', 'pause', '--yes', '--state', folder])
  const [plan, report] = [{ ...drillPlan, fault: 'pause' } as const, { ...drillReport, fault: 'pause' } as const]
  assert.equal([exit, stderr], [0, ''])
  assert.is(stdout, `${renderDrillPlan(plan, SCREEN)}\n\n${renderDrillReport(report, SCREEN)}\n`)
  assert.equal(asked, [{ fault: 'pause', term: drillPlan.term }])
})

test('without a terminal nothing is done unless --yes is said', async (scope) => {
  const { folder, asked } = await startFakeNode(scope)
  const { exit, stdout, stderr } = await baton(['drill', 'web', '--state', folder])
  assert.equal([exit, asked], [2, []])
  assert.match(stdout, '90 of 93 connections would live on')
  assert.match(stderr, /no terminal[\s\S]*--yes/)
})

test('nobody serves after a drill: the report is there, and the exit code is 1', async (scope) => {
  const report = { ...drillReport, to: null, servingMs: null }
  const { folder } = await startFakeNode(scope, { drill: async () => report })
  const { exit, stdout } = await baton(['drill', 'web', '--yes', '--json', '--state', folder])
  assert.equal([exit, JSON.parse(stdout)], [1, report])
})

test('a drill that is refused says the way out', async (scope) => {
  const hint = 'run it on node1 or node3: the order goes to node2 from there'
  const refuse = async () => {
    throw new BatonError('ERR_DRILL_HERE', 'node2 directs web itself', { hint })
  }
  const { folder } = await startFakeNode(scope, { drillPlan: refuse })
  const { exit, stdout } = await baton(['drill', 'web', '--yes', '--json', '--state', folder])
  assert.equal([exit, JSON.parse(stdout).code, JSON.parse(stdout).hint], [1, 'ERR_DRILL_HERE', hint])
})

test('an upgrade is looked at, in exit codes and JSON; and nothing is upgraded unasked', async (scope) => {
  const version = (await baton(['--version'])).stdout.match(/^baton\/(\S+)/)?.[1] ?? ''
  const members = finished.members.map((member) => ({ ...member, release: version }))
  const rows: readonly (readonly [status: StatusView, exit: number, verdict: string])[] = [
    [{ ...finished, node: { ...finished.node, version }, members }, 0, 'done'],
    [notBegun, 0, 'ready'],
    [stuck, 1, 'blocked'],
  ]
  for (const [view, exit, verdict] of rows) {
    const { folder } = await startFakeNode(scope, { status: async () => view })
    const plain = await baton(['upgrade', '--check', '--state', folder])
    const json = await baton(['upgrade', '--check', '--json', '--state', folder])
    assert.equal([plain.exit, json.exit, JSON.parse(json.stdout).verdict], [exit, exit, verdict])
    assert.equal(JSON.parse(json.stdout), planUpgrade(view, version))
  }
  const { folder } = await startFakeNode(scope)
  const bare = await baton(['upgrade', '--state', folder])
  assert.equal([bare.exit, bare.stdout], [2, ''])
  assert.match(bare.stderr, /installs nothing by itself[\s\S]*--check/)
})

test('a drain wants to be told of what; here or elsewhere, and back', async (scope) => {
  const { folder, asked } = await startFakeNode(scope)
  const run = (...words: string[]) => baton(['drain', ...words, '--state', folder])
  const [bare, here, undone] = [await run(), await run('--director'), await run('--director', 'node2', '--undo')]
  assert.equal([bare.exit, here.exit, undone.exit], [2, 0, 0])
  assert.match(bare.stderr, /--director/)
  assert.match(here.stdout, /directs nothing, and takes nothing/)
  assert.match(undone.stdout, /may direct again/)
  assert.equal(asked, [{ undo: false }, { node: 'node2', undo: true }])
})

test('programs of a node, or one service there: until nobody is connected, and back', async (scope) => {
  const { folder, asked } = await startFakeNode(scope)
  const run = (...words: string[]) => baton(['drain', ...words, '--state', folder])
  const waited = await run('web@node2', '--deadline', '10m', '--gradual', '--wait')
  assert.equal([waited.exit, waited.stderr], [0, ''])
  assert.match(
    waited.stdout,
    /2 connections\n1 connection\nweb on .*: no new connections; nobody is connected\.\nUndo: `baton drain web@node2 --undo`/,
  )
  assert.equal(asked[0], { service: 'web', node: 'node2', undo: false, gradual: true, force: false, afterMs: 600_000 })
  const undone = await run('node2', '--undo')
  assert.match(undone.stdout, /The programs of .*: new connections may come again\./)
  const [odd, lone] = [await run('node2', '--deadline', 'soon'), await run('node2', '--gradual')]
  const torn = await run('node2', '--undo', '--deadline', '10m')
  assert.equal([odd.exit, lone.exit, torn.exit], [2, 2, 2])
  assert.match(odd.stderr, /--deadline soon is no span of time/)
})

test('a stop drains this life of the node, waits, and then ends it', async (scope) => {
  const { folder, asked } = await startFakeNode(scope)
  const { exit, stdout } = await baton(['stop', '--state', folder])
  assert.is(exit, 0)
  assert.match(stdout, /1 connection\nIt takes nothing any more, gives away what it directs, and ends\./)
  assert.equal(asked[0], { undo: false, thisLife: true, gradual: false, force: false })
  assert.is(asked.at(-1), 'stop')
})

test('a service of mode single is relocated, and all are balanced', async (scope) => {
  const { folder, asked } = await startFakeNode(scope)
  const one = await baton(['relocate', 'web', '--to', 'node2', '--state', folder])
  assert.match(one.stdout, /^web runs on node2 now; it left node1 within 1234ms\.\n$/)
  assert.equal(asked, [{ to: 'node2' }])
  const all = await baton(['balance', '--state', folder])
  assert.is(all.exit, 1)
  assert.match(all.stdout, /db: node1 → node2\n! mail: node2 could not stop it\n3 services stay where they are\./)
})

test('metrics are printed as they are, or as a text within JSON', async (scope) => {
  const { folder } = await startFakeNode(scope)
  const [text, json] = await Promise.all([
    baton(['metrics', '--state', folder]),
    baton(['metrics', '--json', '--state', folder]),
  ])
  assert.equal(text, { exit: 0, stdout: 'baton_lanes 2\n', stderr: '' })
  assert.equal(JSON.parse(json.stdout), { text: 'baton_lanes 2\n' })
})

/** Types an answer on a terminal. */
async function answer(text: string): Promise<boolean> {
  const input = Object.assign(new PassThrough(), { isTTY: true })
  const output = new Writable({ write: (_chunk, _encoding, done) => done() })
  const asked = confirm('Do it now?', { input, output } as never)
  input.write(`${text}\n`)
  return asked
}

test('only a yes is a yes', async () => {
  assert.equal(
    [await answer('y'), await answer(' YES '), await answer(''), await answer('no')],
    [true, true, false, false],
  )
})

test.run()
