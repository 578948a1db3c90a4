/** Connections that programs of the nodes make under the service's address: who is seen there, and what they outlive. */
import { assert, suite } from '../harness/suite.js'
import { ADDRESS, DOOR, FAR_PORT, OutwardSite } from './outward-site.js'
import { Conversation } from './programs/conversation.js'

const test = suite('cluster/outward', 80_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'curl'], root: true }

test(
  'SOCKS 5 and CONNECT: the far server sees the service’s address, through a kill of the director and a move',
  async (scope) => {
    const site = await OutwardSite.build(scope)
    const { node, host } = await site.other()
    const to = `telnet://${site.far.address}:${FAR_PORT}`
    const proxies = [`socks5h://127.0.0.1:${DOOR}`, `http://127.0.0.1:${DOOR}`]
    const talks = proxies.map((proxy) => Conversation.start(scope, host, 'curl', '-sN', '-p', '-x', proxy, to))
    const ports: string[] = []
    for (const talk of talks) {
      const [, from, port = ''] = await talk.hears(/called by (?:::ffff:)?(\S+) (\d+)\n/)
      assert.is(from, ADDRESS)
      ports.push(port)
    }
    const echo = async (word: string) => {
      for (const [i, talk] of talks.entries()) {
        talk.say(`${word} ${i}\n`)
        await talk.hears(new RegExp(`${word} ${i}\n`))
      }
    }
    await echo('at first')
    const told = (await site.splices(node)).map(({ direction, mortal }) => [direction, mortal])
    assert.equal(told, [
      ['out', ''],
      ['out', ''],
    ])
    const killed = await site.director()
    await site.cluster.kill(killed)
    const second = await site.succeeded(killed)
    await echo('after the kill')
    await site.cluster.baton(second, 'move', 'out')
    await site.succeeded(second)
    await echo('after the move')
    assert.is(new Set(ports).size, 2)
  },
  NEEDS,
)

test.run()
