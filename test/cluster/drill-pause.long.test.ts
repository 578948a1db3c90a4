/** A director that is stopped for longer than its lease: another takes over, and it always wakes again. */
import { readFileSync } from 'node:fs'
import { assert, suite } from '../harness/suite.js'
import { drilled } from './drilled.js'
import { ADDRESS, losses, SurvivalSite } from './survival.js'

const test = suite('cluster/drill-pause', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true }

test(
  'pause: the director stands still beyond its lease, wakes by itself, and is a standby',
  async (scope) => {
    const site = await SurvivalSite.build(scope, ADDRESS, '--local', 'last')
    const { before, fates, report } = await drilled(site, 'pause')
    const { ECONNRESET = 0, ...wrong } = losses(fates)
    assert.equal(wrong, {})
    // Half of those who talk, if the kernel acknowledged for a process that stands still.
    assert.ok(ECONNRESET <= (fates.talking.alive + ECONNRESET) / 10, `${ECONNRESET} were reset`)
    assert.equal([report.director.name, report.back], [before.name, true])
    assert.ok((report.darkMs ?? 0) > 300, `a lease of 400 ms has to run out: dark for ${report.darkMs} ms`)
    const state = /^State:\s+(\S)/m.exec(readFileSync(`/proc/${before.child?.pid}/status`, 'utf8'))?.[1]
    assert.ok(state !== 'T', `the process is in state ${state}`)
    assert.is((await before.client.status()).services[0]?.director?.name, report.to?.name)
  },
  NEEDS,
)

test.run()
