/** Programs of a node come to every lane, and outlive the death of one of them, and the process. */
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

test(
  'both lanes have connections; the death of one, of the programs’ node and of the director, ends none of the other',
  async (scope) => {
    const site = await OutwardSite.planned(scope, { upArguments: ['--lanes', String(LANES)], more: ['--uploads', 'survive'] })
    const { node, host } = await site.other()
    const ask = () => Socks.ask(scope, host, DOOR, { address: site.far.address, port: FAR_PORT }, PROGRAMS)
    const { socks, asked } = await ask()
    assert.equal(asked, { codes: { 0: PROGRAMS }, addresses: [ADDRESS] })
    const shares = perLane(await site.splices(node))
    console.log(shares)
    assert.ok(shares.every((share) => share > 0), `${shares}`)
    const director = await site.director()
    site.deaths.ofLane(director, 0, `throw new Error('a bug')`)
    await until(() => site.events('lane-recovered')[0], 10_000, 'the heir has what it left', 5)
    assert.is(await socks.echo('after-one'), PROGRAMS, 'the director’s lane has an heir')
    site.deaths.ofLane(node, 0, `throw new Error('a bug')`)
    await until(() => site.events('lane-died', node)[0], 10_000, 'it dies', 5)
    assert.is(await socks.echo('after-two'), shares[1], 'those of the lane that lives')
    const again = await ask()
    assert.equal(again.asked, { codes: { 0: PROGRAMS }, addresses: [ADDRESS] })
    const { outward } = await node.client.service('out')
    assert.is(outward?.lanes, LANES)
  },
  NEEDS,
)

test.run()
