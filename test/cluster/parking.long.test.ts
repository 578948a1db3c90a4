/** Parked for longer than a rebuilt socket's clock is set ahead, and then without a director at once. */
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { CALM_MS } from './askers.js'
import { ADDRESS, ADDRESS6, SurvivalSite } from './survival.js'

const test = suite('cluster/parking, long', 120_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'ss'], root: true }
const CLIENTS = 40
const PARKED_MS = 25_000
/** A client whose director's clock is behind hears nothing for as long as that. */
const ANSWERED_MS_MAX = 4_000

for (const address of [ADDRESS, ADDRESS6]) {
  test(
    `parked for ${PARKED_MS} ms, served, and the director of ${address} killed`,
    async (scope) => {
      const more = ['--local', 'last', '--park', '60s']
      const { site } = await SurvivalSite.buildMortal(scope, address, more, ['--profile', 'lan'])
      const { node } = await site.director()
      const askers = await site.askers(address, CLIENTS)
      await new Promise((resolve) => setTimeout(resolve, CALM_MS))
      await site.killProgram(node)
      const [one, two] = site.cluster.live().filter(({ name }) => name !== node.name)
      if (one === undefined || two === undefined) throw new Error('three nodes')
      for (const other of [one, two]) await site.killProgram(other)
      await new Promise((resolve) => setTimeout(resolve, PARKED_MS))
      site.startProgram(one)
      const served = async () => {
        const { placement } = (await node.client.service('echo')).choice
        return placement?.parked === 0 ? true : undefined
      }
      await until(served, 5_000, 'all are served', 20)
      // Its clients have seen what its clock is now.
      await askers.ask()
      await new Promise((resolve) => setTimeout(resolve, CALM_MS))
      await site.cluster.kill(node)
      await askers.ask(ANSWERED_MS_MAX)
      assert.equal(askers.ends, [])
    },
    NEEDS,
  )
}

test.run()
