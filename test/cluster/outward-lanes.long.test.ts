/** Programs of a node come to every lane, and outlive the death of one of them. */
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { ADDRESS, DOOR, FAR_PORT, OutwardSite } from './outward-site.js'
import { Socks } from './programs/socks.js'

const test = suite('cluster/outward-lanes', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'curl'], root: true }
const LANES = 2
const PROGRAMS = 60

/** Splices are numbered by the director's lane that made them. */
function perLane(splices: readonly Readonly<Record<string, unknown>>[]): number[] {
  const lanes = splices.map(({ id }) => (Number(String(id).split('-').at(-1)) - 1) % LANES)
  return Array.from({ length: LANES }, (_, lane) => lanes.filter((one) => one === lane).length)
}

const THROW = `throw new Error('a bug')`

test(
  'both lanes have connections; the death of one ends none of the other, and its heir takes programs',
  async (scope) => {
    const upArguments = ['--profile', 'lan', '--lanes', String(LANES)]
    const site = await OutwardSite.planned(scope, { upArguments, more: ['--uploads', 'survive'] })
    const { node, host } = await site.other()
    const ask = () => Socks.ask(scope, host, DOOR, { address: site.far.address, port: FAR_PORT }, PROGRAMS)
    const { socks, asked } = await ask()
    assert.equal(asked, { codes: { 0: PROGRAMS }, addresses: [ADDRESS] })
    const shares = perLane(await site.splices(node))
    // Fewer than a sixth at one of them come once in ten million times.
    assert.ok(Math.min(...shares) >= PROGRAMS / 6, `${shares}`)
    const director = await site.director()
    site.deaths.ofLane(director, 0, THROW)
    const died = () => ['lane-died', 'lane-recovered', 'lease-lost'].flatMap((event) => site.events(event))
    await until(
      () => site.events('lane-recovered', director)[0],
      10_000,
      () => `an heir has what it left: ${JSON.stringify(died())}`,
      5,
    )
    const told = () =>
      ['lane-recovered', 'verdicts', 'lease-lost', 'splice-reset'].flatMap((event) => site.events(event))
    const alive = await socks.echo('director')
    assert.is(alive, PROGRAMS, `those of the director’s lane have an heir: ${JSON.stringify(told())}`)
    site.deaths.ofLane(node, 0, THROW)
    await until(() => site.events('lane-died', node)[0], 10_000, 'it dies', 5)
    assert.is(await socks.echo('node'), shares[1], 'those of the lane that lives')
    const again = await ask()
    assert.equal(again.asked, { codes: { 0: PROGRAMS }, addresses: [ADDRESS] }, 'and the heir takes programs')
    assert.is((await node.client.service('out')).outward?.lanes, LANES)
  },
  NEEDS,
)

test.run()
