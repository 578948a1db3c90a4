/** Connections that programs make under a service's IPv6 address, in each way, and what they outlive. */
import { assert, suite } from '../harness/suite.js'
import { ADDRESS6, DOOR, FAR_PORT, OutwardSite } from './outward-site.js'
import { Conversation } from './programs/conversation.js'
import { Socks } from './programs/socks.js'

const test = suite('cluster/outward-ipv6', 90_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'curl', 'sh'], root: true }

test(
  'SOCKS 5 by an IPv6 address, CONNECT of [address]:port, baton run and out-alias: seen as the service, through kill, move and reload',
  async (scope) => {
    const alias = FAR_PORT + 1
    const more = ['--uploads', 'survive', '--out-alias', String(alias)]
    const site = await OutwardSite.planned(scope, { family: 6, more })
    const { node, host } = await site.other()
    const { far, loopback } = site.hosts
    const to = `telnet://${far}:${FAR_PORT}`
    const { socks, asked } = await Socks.ask(scope, host, DOOR, { address: site.far.address6, port: FAR_PORT }, 4)
    assert.equal(asked, { codes: { 0: 4 }, addresses: [ADDRESS6] })
    const connect = Conversation.start(scope, host, 'curl', '-sN', '-p', '-x', `http://${loopback}:${DOOR}`, to)
    const byName = Conversation.start(scope, host, 'curl', '-sN', '-x', `socks5h://${loopback}:${DOOR}`, to)
    const led = await site.runAs(scope, node, 'curl', '-sN', to)
    const talks = [connect, byName, led]
    for (const talk of talks) assert.is((await talk.curlHears(/called by (\S+) /))[1], ADDRESS6)
    const prove = async (word: string) => {
      assert.is(await socks.echo(word), 4)
      for (const talk of talks) await talk.echoes(word)
    }
    const said = await host.run('sh', '-c', `curl -sN -m 2 telnet://${far}:${alias} < /dev/null || true`)
    assert.match(said, new RegExp(`called by ${ADDRESS6} `))
    // The other family: refused where it is the service's programs that ask, and as ever for all others.
    const other = await site.runAs(scope, node, 'curl', '-sS', `telnet://${site.far.address}:${FAR_PORT}`)
    await other.hears(/Operation not permitted|Could ?n.t connect/i)
    await site.live(node, prove)
  },
  NEEDS,
)

test.run()
