/** Connections that programs of the nodes make under the service's address: who is seen there, and what they outlive. */
import { assert, suite } from '../harness/suite.js'
import { ADDRESS, DOOR, FAR_PORT, OutwardSite } from './outward-site.js'
import { Conversation } from './programs/conversation.js'
import { psqlSilent } from './programs/psql.js'
import { sshCommand, sshTyping, startSshd } from './programs/ssh.js'

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
      const [, from, port = ''] = await talk.curlHears(/called by (?:::ffff:)?(\S+) (\d+)\n/)
      assert.is(from, ADDRESS)
      ports.push(port)
    }
    const echo = async (word: string) => {
      for (const [i, talk] of talks.entries()) await talk.echoes(`${word} ${i}`)
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

test.long(
  'out-alias: any program’s connections to that port leave as the service, to others as the node; and all do when the node is gone',
  async (scope) => {
    const site = await OutwardSite.build(scope, '--out-alias', String(FAR_PORT))
    const { node, host } = await site.other()
    await site.cgroupOf(node)
    const seenAt = async (port: number) => {
      const said = await host.run('sh', '-c', `curl -sN -m 2 telnet://${site.far.address}:${port} < /dev/null || true`)
      return /called by (\S+) /.exec(said)?.[1]
    }
    assert.is(await seenAt(FAR_PORT), ADDRESS)
    assert.is(await seenAt(FAR_PORT + 1), host.address)
    await site.cluster.kill(node)
    assert.is(await seenAt(FAR_PORT), host.address)
  },
  { ...NEEDS, needs: [...NEEDS.needs, 'sh'] },
)

test(
  'baton run --as: curl, ssh and psql are seen as the service, and are the same sessions after a kill of the director, a move and reloads',
  async (scope) => {
    const site = await OutwardSite.build(scope, '--uploads', 'survive')
    const { far, folder } = site
    const { node } = await site.other()
    await Promise.all([startSshd(far, folder), psqlSilent.serve?.(far, folder)])
    const start = (...command: string[]) => site.runAs(scope, node, ...command)
    const curl = await start('curl', '-sN', `telnet://${far.address}:${FAR_PORT}`)
    const ssh = await start(
      ...sshCommand(folder),
      `root@${far.address}`,
      'echo "from $SSH_CONNECTION"; echo shell $$; exec cat',
    )
    const psql = await start(
      'psql',
      '-XAtq',
      '-p',
      String(psqlSilent.port),
      '-U',
      'baton',
      '-h',
      far.address,
      'postgres',
    )
    assert.is((await curl.curlHears(/called by (\S+) /))[1], ADDRESS)
    assert.is((await ssh.hears(/from (\S+) /))[1], ADDRESS)
    const session = "SELECT 'is', inet_client_addr(), pg_backend_pid(), txid_current();\n"
    psql.say(`BEGIN; ${session}`)
    const [, from, identity] = await psql.hears(/is\|(\S+)\|(\d+\|\d+)\n/)
    assert.is(from, ADDRESS)
    const prove = async (word: string) => {
      await curl.echoes(word)
      ssh.say(`${word}\n`)
      await ssh.hears(new RegExp(`${word}\n`))
      const since = psql.said.length
      psql.say(session)
      assert.is((await psql.hears(/is\|\S+\|(\d+\|\d+)\n/, since))[1], identity, 'the same backend and transaction')
    }
    await site.live(node, prove)
    const late = await start('curl', '-sN', `telnet://${far.address}:${FAR_PORT}`)
    assert.is((await late.curlHears(/called by (\S+) /))[1], ADDRESS)
  },
  { needs: [...NEEDS.needs, ...sshTyping.needs, ...psqlSilent.needs], root: true },
)

test.run()
