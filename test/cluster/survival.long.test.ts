/**
 * How connections fare when their director fails, many times over: `ROUNDS=50 CLIENTS=400 FAULT=kill TALK_EVERY_MS=0`. The table
 * is printed; nobody may stall or hear a wrong byte, and who is silent loses nothing.
 */
import { fileURLToPath } from 'node:url'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { ADDRESS, losses, PORT, printedBy, SurvivalSite } from './survival.js'

const test = suite('cluster/survival, long', 890_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true }
const ROUNDS = Number(process.env['ROUNDS'] ?? 10)
const CLIENTS = Number(process.env['CLIENTS'] ?? 400)
const FAULT = process.env['FAULT'] ?? 'kill'
const NEWCOMERS = fileURLToPath(new URL('newcomers-main.ts', import.meta.url))

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

test(
  `${FAULT}, ${ROUNDS} times, ${CLIENTS} connections`,
  async (scope) => {
    const site = await SurvivalSite.build(scope, ADDRESS, '--local', 'last')
    const newcomers = site.lan
      .named('client')
      .start('newcomers', [process.execPath, '--import', 'tsx', NEWCOMERS, ADDRESS, String(PORT)])
    await until(() => (printedBy(newcomers).includes('served') ? true : undefined), 10_000, 'newcomers are served')
    const faultsAt: number[] = []
    const all: Record<string, number> = {}
    const waits: number[] = []
    const medians: number[] = []
    const silent: string[] = []
    let alive = 0
    for (let round = 0; round < ROUNDS; round++) {
      const { node, host } = await site.director()
      const report = await site.fare(
        ADDRESS,
        CLIENTS,
        async () => {
          faultsAt.push(Date.now())
          if (FAULT === 'kill') await site.cluster.kill(node)
          else if (FAULT === 'cable-out') await host.cableOut()
          else if (FAULT === 'power-off') await host.powerOff()
          else if (FAULT === 'pause') node.child?.kill('SIGSTOP')
          else if (FAULT === 'move') await site.cluster.baton(node, 'move', 'echo')
          else throw new Error(`no fault ${FAULT}`)
        },
        async () => {
          if (FAULT === 'cable-out') await host.cableIn()
          if (FAULT === 'pause') node.child?.kill('SIGCONT')
        },
      )
      if (FAULT === 'kill') site.cluster.up(node)
      if (FAULT === 'power-off') await site.powerOn(node)
      await site.cluster.settled()
      for (const [word, count] of Object.entries(losses(report))) all[word] = (all[word] ?? 0) + count
      alive += report.talking.alive + report.silent.alive
      const sorted = [...report.talking.waitsMs].sort((a, b) => a - b)
      medians.push(quantile(sorted, 0.5))
      waits.push(...sorted)
      const { lost } = report.silent
      if (Object.keys(lost).length > 0) silent.push(`round ${round}: ${JSON.stringify(lost)}`)
    }
    const gaps = printedBy(newcomers).flatMap((line) => {
      const [, at, ms] = /^gap (\d+) (\d+)$/.exec(line) ?? []
      return at === undefined ? [] : [{ from: Number(at), ms: Number(ms) }]
    })
    newcomers.kill('SIGTERM')
    // Of each fault: the longest time that began just before it, or in the two seconds after.
    const newcomersWaits = faultsAt
      .map((at) => gaps.filter(({ from }) => from > at - 100 && from < at + 2_000))
      .map((of) => Math.max(0, ...of.map(({ ms }) => ms)))
      .sort((a, b) => a - b)
    waits.sort((a, b) => a - b)
    medians.sort((a, b) => a - b)
    const verdicts = ['proven', 'filled', 'reset', 'gone'].map((word) => {
      return `${word} ${site.events('verdicts').reduce((sum, line) => sum + Number(line[word]), 0)}`
    })
    const times = [0.5, 0.9, 0.99, 1].map((share) => `${quantile(waits, share)}`).join(', ')
    console.log(
      `${FAULT}: ${alive} of ${ROUNDS * CLIENTS} live on; lost ${JSON.stringify(all)}; verdicts: ${verdicts.join(', ')}`,
    )
    console.log(
      `talking clients waited, ms: median, p90, p99, most: ${times}; median of a run: ${medians[0]} to ${medians.at(-1)}`,
    )
    const served = [0.5, 0.9, 0.99, 1].map((share) => `${quantile(newcomersWaits, share)}`).join(', ')
    console.log(`new connections: none was served for, ms (30 and less is 0): median, p90, p99, most: ${served}`)
    const { ECONNRESET: _, ...wrong } = all
    assert.equal(silent, [], 'who says nothing loses nothing')
    assert.equal(wrong, {}, 'nobody stalls, is ended or hears a wrong byte')
  },
  NEEDS,
)

test.run()
