/** A hundred labs, each tenth with a node that owns an address: nothing of them stays, as the kernel tells. */
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { LocalCluster } from '../../src/lab/cluster.io.js'
import { Lan } from '../../src/lab/hosts.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('lab/leftovers, long', 600_000)
const NEEDS = { needs: ['ip', 'unshare', 'nsenter', 'setpriv'], root: true }
const ROUNDS = 100

/** Network namespaces that some process is in, and processes that hold one of ours. */
function namespaces(): string[] {
  const found = readdirSync('/proc').flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) ? readlinkSync(`/proc/${pid}/ns/net`) : []
    } catch {
      return []
    }
  })
  return [...new Set(found)].sort()
}

const interfaces = () => readdirSync('/sys/class/net').sort()
const folders = () => readdirSync(os.tmpdir()).filter((name) => name.startsWith('baton-left-'))

/** As it was, within the time that a process takes to die. */
async function isAsBefore(before: readonly string[]): Promise<boolean> {
  const same = () => (namespaces().join() === before.join() ? true : undefined)
  return until(same, 5_000, 'the namespaces are gone', 20).catch(() => false)
}

async function lab(round: number): Promise<{ lan: Lan; folder: string }> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-left-'))
  const plans = ['a', 'b', 'c'].map((name, i) => ({ name, number: i + 1 }))
  const lan = await Lan.make(plans, folder)
  if (round % 10 !== 0) return { lan, folder }
  const cluster = await LocalCluster.start({
    addresses: [lan.named('a').address],
    names: ['a'],
    folder: path.join(folder, 'state'),
    start: (_name, command, output) => lan.named('a').start('baton', command, output),
  })
  const [node] = cluster.nodes
  if (node === undefined) throw new Error('no node')
  await cluster.baton(node, 'service', 'add', 'web', '--address', '10.77.9.9', '--ports', 'any')
  await cluster.serving('web')
  return { lan, folder }
}

test(
  `nothing is left of ${ROUNDS} labs`,
  async () => {
    const [before, cards] = [namespaces(), interfaces()]
    for (let round = 0; round < ROUNDS; round++) {
      const { lan, folder } = await lab(round)
      await lan.remove()
      rmSync(folder, { recursive: true, force: true })
    }
    assert.ok(await isAsBefore(before))
    assert.equal([interfaces(), folders()], [cards, []])
  },
  NEEDS,
)

test(
  'one that is not removed is seen',
  async () => {
    const before = namespaces()
    const { lan, folder } = await lab(1)
    assert.not(await isAsBefore(before))
    await lan.remove()
    rmSync(folder, { recursive: true, force: true })
    assert.ok(await isAsBefore(before))
  },
  NEEDS,
)

test.run()
