/** `PROFILE=fast ROUNDS=20 node --import tsx test/cluster/address-faults.long.test.ts` prints the table of docs/addresses.md. */
import { writeSync } from 'node:fs'
import { assert, suite } from '../harness/suite.js'
import { FAULTS, FaultSite, type Outcome } from './address-faults.js'

const ROUNDS = Number(process.env['ROUNDS'] ?? 5)
const PROFILES = process.env['PROFILE']?.split(',') ?? ['lan', 'fast']
const ROUND_MS_MAX = 60_000
const test = suite('cluster/address-faults, long', PROFILES.length * ROUNDS * FAULTS.length * ROUND_MS_MAX)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true }

for (const profile of PROFILES) {
  test(
    `${profile}: ${ROUNDS} times each fault, never two hosts at once`,
    async (scope) => {
      const site = await FaultSite.build(scope, profile)
      const outcomes: Outcome[] = []
      for (let round = 0; round < ROUNDS; round++) for (const fault of FAULTS) outcomes.push(await site.suffer(fault))
      for (const fault of FAULTS) {
        const mine = outcomes.filter((one) => one.fault === fault)
        const outages = mine.map(({ outageMs }) => outageMs).sort((a, b) => a - b)
        const handovers = mine.flatMap(({ handoverMs }) => Object.values(handoverMs))
        const twins = mine.flatMap((one) => one.twins)
        const at = (share: number) => Math.round(outages[Math.ceil(share * outages.length) - 1] ?? 0)
        const words = [profile, fault, at(0.5), at(0.99), Math.round(Math.min(...handovers)), handovers.length]
        writeSync(1, `| ${words.join(' | ')} |\n`)
        assert.equal(twins, [], fault)
      }
    },
    NEEDS,
  )
}

test.run()
