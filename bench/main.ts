/** `npm run bench`: Baton and its peers under the same loads, taking turns. docs/bench.md tells what is counted. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

import { renderChart } from './chart.js'
import { buildCommit, describeTree } from './commits.io.js'
import { judge } from './goals.js'
import { missingPrograms } from './installed.io.js'
import { machine } from './machine.io.js'
import { judgedTable, renderMarkdown } from './markdown.js'
import { type Options, parseOptions, USAGE } from './options.js'
import type { Peer } from './peer.js'
import { batonPeers, OTHERS } from './peers/table.js'
import type { Results } from './results.js'
import { Run, secondsNeeded, warmUpSeconds } from './run.io.js'
import { Workshop } from './workshop.io.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const say = (line: string) => process.stdout.write(`${line}\n`)

async function bench(shop: Workshop, options: Options): Promise<void> {
  const tools = missingPrograms('nginx', 'wrk', 'iperf3')
  if (tools !== undefined) throw new Error(`the loads and the programs behind the proxies are missing\nTry: ${tools}`)
  const other = options.compare === undefined ? undefined : await buildCommit(shop, ROOT, options.compare)
  const all = [...batonPeers(ROOT), ...(other === undefined ? [] : batonPeers(other.tree, other.commit)), ...OTHERS]
  const { peers, missing } = choose(all, options.peers)
  for (const line of missing) say(`missing: ${line}`)
  if (peers.length === 0) throw new Error('no peer is left to measure')
  say(
    `${peers.map(({ name }) => name).join(', ')}: about ${Math.ceil(secondsNeeded(options, peers.length) / 60)} minutes`,
  )

  const { samples, failures, halfLoad } = await new Run(shop, peers, options, say).all()
  const settings = {
    Baton: [await describeTree(shop, ROOT), other && `compared to ${other.commit}`].filter(Boolean).join(', '),
    rounds: `${options.rounds} of ${options.seconds} s, after ${warmUpSeconds(options.seconds)} s of warm-up; seed ${options.seed}`,
    ...(halfLoad === undefined ? {} : { 'half load': `${halfLoad} requests/s` }),
  }
  const lines = peers.map(({ name, what, hops }) => ({ name, what, hops }))
  const results: Results = { machine: machine(), settings, peers: lines, samples, missing, failures }
  const out = path.resolve(ROOT, options.out)
  mkdirSync(out, { recursive: true })
  writeFileSync(path.join(out, 'latest.json'), `${JSON.stringify(results, undefined, 1)}\n`)
  writeFileSync(path.join(out, 'latest.md'), renderMarkdown(results))
  writeFileSync(path.join(out, 'chart.svg'), renderChart(results))
  say(`\n${judgedTable(judge(results))}\n\n${options.out}: latest.md, latest.json, chart.svg`)
  if (failures.length > 0) throw new Error(`${failures.length} measurements failed:\n${failures.join('\n')}`)
}

function choose(all: readonly Peer[], names: readonly string[] | undefined): { peers: Peer[]; missing: string[] } {
  const unknown = names?.find((name) => !all.some((peer) => peer.name === name))
  if (unknown !== undefined) throw new Error(`there is no peer ${unknown}: ${all.map(({ name }) => name).join(', ')}`)
  // Of another commit's variants those whose namesakes were asked for.
  const asked = all.filter(({ name }) => names === undefined || names.includes(name.split('@')[0] ?? name))
  const missing = asked.flatMap((peer) => (peer.missing() === undefined ? [] : [`${peer.name}: ${peer.missing()}`]))
  return { peers: asked.filter((peer) => peer.missing() === undefined), missing }
}

if (process.argv.includes('--help')) {
  say(USAGE)
} else {
  const shop = new Workshop()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void shop.close().finally(() => process.exit(130)))
  }
  try {
    await bench(shop, parseOptions(process.argv.slice(2)))
  } catch (error) {
    process.stderr.write(`Error: ${error instanceof Error ? error.message : error}\n`)
    process.exitCode = 1
  } finally {
    await shop.close()
  }
}
