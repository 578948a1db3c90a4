/** Source ports to one destination are used up: who is refused hears why, before the kernel has none; and they come back. */
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { DOOR, FAR_PORT, OutwardSite } from './outward-site.js'
import { Socks } from './programs/socks.js'

const test = suite('cluster/outward-ports', 90_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'curl', 'sysctl'], root: true }
const RANGE = 100
const LIMIT = 90

test(
  'nine tenths of the range go to one destination; others are not touched, and what is ended is free for the next',
  async (scope) => {
    const range = `net.ipv4.ip_local_port_range=40000 ${40_000 + RANGE - 1}`
    const site = await OutwardSite.planned(scope, { prepare: (host) => host.run('sysctl', '-qw', range) })
    const { node, host } = await site.other()
    const director = await site.director()
    // Its programs need ports themselves, to the door.
    await host.run('sysctl', '-qw', 'net.ipv4.ip_local_port_range=32768 60999')
    const far = { address: site.far.address, port: FAR_PORT }
    const ask = (count: number, to = far) => Socks.ask(scope, host, DOOR, to, count)
    const { socks, asked } = await ask(LIMIT + 30)
    assert.equal(asked.codes, { 0: LIMIT, 1: 30 }, 'SOCKS says: general failure')
    const refused = site.events('not-dialled', director)
    assert.is(refused.length, 30)
    assert.is(refused[0]?.['reason'], 'exhausted')
    assert.match(String(refused[0]?.['detail']), /^90 connections go there from 10\.77\.9\.9, and no more may$/)
    // The other ways to ask.
    const connect = `curl -sS -p -x http://127.0.0.1:${DOOR} telnet://${far.address}:${FAR_PORT} -v < /dev/null 2>&1 || true`
    const said = await host.run('sh', '-c', connect)
    assert.match(said, /503 Service Unavailable/)
    const led = await site.runAs(scope, node, 'curl', '-sS', `telnet://${far.address}:${FAR_PORT}`)
    await led.hears(/reset by peer|Connection reset|Recv failure/i).catch((error: Error) => {
      if (!/ended with 56/.test(error.message)) throw error
    })
    assert.equal((await ask(5, { ...far, port: FAR_PORT + 1 })).asked.codes, { 0: 5 }, 'another destination')
    const { stdout: shown } = await site.cluster.baton(director, 'service', 'show', 'out')
    assert.match(shown, /which take 90 of 90 source ports/)
    const { stdout: metrics } = await site.cluster.baton(director, 'metrics')
    assert.match(metrics, /baton_outward_ports_used\{service="out"\} 90\n/)
    assert.match(metrics, /baton_outward_ports_limit\{service="out"\} 90\n/)
    await socks.close()
    const free = async () => {
      const { outward } = await director.client.service('out')
      return outward?.directed?.connections === 5 ? true : undefined
    }
    await until(free, 10_000, 'the director has heard of their end', 20)
    // Their ends that closed first rest for a minute, of which the account knows nothing: the kernel has the last word, in the same words.
    const soon = await ask(LIMIT)
    assert.ok((soon.asked.codes['1'] ?? 0) > 0 && Object.keys(soon.asked.codes).length <= 2, JSON.stringify(soon.asked))
    const last = site.events('not-dialled', director).at(-1)
    assert.equal([last?.['reason'], last?.['detail']], ['exhausted', 'EADDRNOTAVAIL'])
    await site.lan.named(director.name).run('sysctl', '-qw', 'net.ipv4.tcp_tw_reuse=1')
    await soon.socks.close()
    await until(
      async () => {
        const late = await ask(LIMIT)
        await late.socks.close()
        return late.asked.codes['0'] === LIMIT ? true : undefined
      },
      20_000,
      'all ports are back',
      500,
    )
  },
  NEEDS,
)

test.run()
