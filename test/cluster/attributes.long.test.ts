/** What operators say of nodes and services, each with real nodes and programs: where it runs, who directs, slow start, unhealthy nodes. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { countNodes, hangUp } from './callers.js'
import { Bench, NODES } from './choosing-bench.js'

const test = suite('cluster/attributes', 90_000)

/** Waits until all nodes say that this one is active. */
async function active(room: Bench, service: string, node: string): Promise<void> {
  await until(
    async () => {
      const views = await Promise.all(room.cluster.live().map(({ client }) => client.service(service)))
      return views.every(({ hosting }) => hosting?.state === 'active' && hosting.node?.name === node) || undefined
    },
    15_000,
    `${service} is active on ${node}`,
  )
}

test('favoured and required: it runs where it is to, beside what it needs; balance brings it back', async (scope) => {
  const room = await Bench.start(scope)
  const favoured = ['--mode', 'single', '--hosting', 'node3,node2', '--placement', 'favoured']
  const { callers, programs } = await room.serve('base', 8100, ...favoured)
  await active(room, 'base', 'node3')
  await room.serve('app', 8101, '--mode', 'single', '--requires', 'base')
  await active(room, 'app', 'node3')
  const circle = await room.baton('service', 'set', 'base', '--requires', 'app').catch(({ stderr }) => String(stderr))
  assert.match(String(circle), /requires goes in a circle, base → app → base/)

  await programs.get('node3')?.stop()
  await active(room, 'base', 'node2')
  room.startNamed('node3', 8100)
  await room.seen('base', 3)
  assert.equal(countNodes(await callers.callMany(3)), { node2: 3 }, 'it stays')
  const { stdout } = await room.baton('balance')
  assert.match(stdout, /base: node2 → node3/)
  await active(room, 'base', 'node3')
  assert.equal(countNodes(await callers.callMany(3)), { node3: 3 })
})

/** Says of hosts what their kernels would: all nodes of this test have the same. */
const LOADS = `
const os = require('node:os')
const { readFileSync } = require('node:fs')
const name = /node\\d/.exec(process.argv[process.argv.indexOf('--state') + 1] ?? '')?.[0]
os.loadavg = () => {
  try { return [Number(readFileSync(__dirname + '/' + name, 'utf8')) * os.availableParallelism(), 0, 0] } catch { return [0, 0, 0] }
}`

test('load: a node gets by the part of its host that is free, and all of its share when that is idle again', async (scope) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-load-'))
  const script = path.join(folder, 'loads.cjs')
  writeFileSync(script, LOADS)
  const before = process.env['NODE_OPTIONS']
  process.env['NODE_OPTIONS'] = `${before ?? ''} --require ${script}`
  scope.defer(() => {
    if (before === undefined) delete process.env['NODE_OPTIONS']
    else process.env['NODE_OPTIONS'] = before
    rmSync(folder, { recursive: true })
  })
  const room = await Bench.start(scope)
  const { callers } = await room.serve('web', 8105, '--scheduler', 'weighted', '--weighting', 'smooth', '--load', 'on')
  const shareIs = (wanted: Readonly<Record<string, number>>) => {
    let seen: unknown
    return until(
      async () => {
        const made = await callers.callMany(30)
        await hangUp(made)
        seen = countNodes(made)
        return NODES.every((node) => countNodes(made)[node] === wanted[node]) || undefined
      },
      15_000,
      () => `shares are ${JSON.stringify(wanted)}, and not ${JSON.stringify(seen)}`,
    )
  }
  await shareIs({ node1: 10, node2: 10, node3: 10 })
  writeFileSync(path.join(folder, 'node3'), '0.5')
  await shareIs({ node1: 12, node2: 12, node3: 6 })
  writeFileSync(path.join(folder, 'node3'), '0')
  await shareIs({ node1: 10, node2: 10, node3: 10 })
})

test('quorum with slack: within the band nothing changes, down or up', async (scope) => {
  const room = await Bench.start(scope)
  const { programs } = await room.serve('web', 8106)
  await room.baton('service', 'set', 'web', '--quorum', '2', '--quorum-slack', '1')
  const quorate = async (backends: number) => {
    await room.seen('web', backends)
    return (await room.view('web')).choice.quorum?.quorate
  }
  const seen: (boolean | undefined)[] = [await quorate(3)]
  for (const [left, node] of [
    [2, 'node1'],
    [1, 'node2'],
    [0, 'node3'],
  ] as const) {
    await programs.get(node)?.stop()
    seen.push(await quorate(left))
  }
  for (const [there, node] of [
    [1, 'node1'],
    [2, 'node2'],
    [3, 'node3'],
  ] as const) {
    room.startNamed(node, 8106)
    seen.push(await quorate(there))
  }
  assert.equal(seen, [true, true, true, false, false, false, true])
})

test('router priority: the highest directs, with failback at once', async (scope) => {
  const room = await Bench.start(scope)
  const { callers } = await room.serve('web', 8102, '--failback', 'on')
  const first = (await room.cluster.serving('web')).director.name
  const wanted = ['node1', 'node2', 'node3'].find((name) => name !== first) ?? ''
  const [held] = await callers.callMany(1)
  await room.baton('service', 'node', 'web', wanted, '--router-priority', '200')
  await until(
    async () => (await room.cluster.serving('web')).director.name === wanted || undefined,
    15_000,
    `${wanted} directs`,
  )
  assert.match((await callers.call()).node, /^node\d$/)
  assert.ok(held !== undefined)
})

test('slow start: a node that has come begins with little, and has its whole share in time', async (scope) => {
  const room = await Bench.start(scope)
  const slow = ['--scheduler', 'weighted', '--weighting', 'smooth', '--slow-start', '20s']
  const { callers, programs } = await room.serve('web', 8103, ...slow)
  const share = async () => {
    const made = await callers.callMany(30)
    await hangUp(made)
    return countNodes(made)
  }
  await programs.get('node2')?.stop()
  await room.seen('web', 2)
  assert.equal(await share(), { node1: 15, node3: 15 })
  const begun = Date.now()
  room.startNamed('node2', 8103)
  await room.seen('web', 3)
  const early = (await share())['node2'] ?? 0
  // Of a weight of w at most, beside two of one: 30 w / (2 + w), and one more for the rotation.
  const weight = Math.min(1, 0.1 + (0.9 * (Date.now() - begun)) / 20_000)
  assert.ok(early >= 1 && early <= 1 + Math.ceil((30 * weight) / (2 + weight)), `${early} at a weight of ${weight}`)
  assert.ok(Date.now() - begun < 10_000, `${early} after ${Date.now() - begun} ms: too late to tell`)
  await new Promise((resolve) => setTimeout(resolve, begun + 21_000 - Date.now()))
  for (const count of Object.values(await share())) assert.ok(Math.abs(count - 10) <= 1, `${count} of 30`)
})

test('an unhealthy node: its connections are closed one by one, or the idle ones, or kept; of others none is', async (scope) => {
  const room = await Bench.start(scope)
  const check = path.join(room.cluster.folder, 'check.sh')
  const ill = path.join(room.cluster.folder, 'ill')
  writeFileSync(check, `#!/bin/sh\ntest "$BATON_ADDRESS" != "${room.cluster.named('node2').address}" -o ! -e ${ill}\n`)
  chmodSync(check, 0o755)
  const often = ['--check-interval', '300ms', '--check-fall', '2', '--check-rise', '1', '--check-timeout', '3s']
  const checks = ['--check', 'command', '--check-command', check, ...often]
  const closing = ['--close-over', '1s', '--close-idle', '1s']
  const kinds = ['all', 'idle', 'keep'] as const
  const held = []
  for (const [i, kind] of kinds.entries()) {
    const { callers } = await room.serve(kind, 8104 + i, '--on-unhealthy', kind, ...closing, ...checks)
    const healthy = async () => (await room.view(kind)).backends.every(({ state }) => state === 'healthy') || undefined
    await until(healthy, 10_000, `all of ${kind} are healthy`)
    held.push(await callers.callMany(12))
  }
  const there = held.map((callers) => callers.filter(({ node }) => node === 'node2'))
  assert.equal(
    there.map(({ length }) => length),
    [4, 4, 4],
  )
  const [busy] = there[1] ?? []
  const ticking = setInterval(() => busy?.socket.write('tick'), 100)
  scope.defer(() => clearInterval(ticking))
  const open = () => there.map((callers) => callers.filter(({ socket }) => !socket.closed).length)
  writeFileSync(ill, '')
  await until(
    () => String(open()) === '0,1,4' || undefined,
    15_000,
    () => `all, the idle ones, none: ${open()}`,
  )
  assert.is(busy?.socket.closed, false)
  const others = held.flat().filter(({ node, socket }) => node !== 'node2' && socket.closed)
  assert.is(others.length, 0)
  rmSync(ill)
  const back = async () => (await room.view('keep')).backends.every(({ state }) => state === 'healthy') || undefined
  await until(back, 10_000, 'it is healthy again')
  assert.equal([open()[1], open()[2]], [1, 4])
})

test.run()
