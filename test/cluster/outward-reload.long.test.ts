/** Processes of nodes are replaced while their programs ask for connections, and have them. */
import { assert, suite } from '../harness/suite.js'
import { ADDRESS, DOOR, FAR_PORT, OutwardSite } from './outward-site.js'
import { Socks } from './programs/socks.js'
import { sshCommand, sshTyping, startSshd } from './programs/ssh.js'

const test = suite('cluster/outward-reload', 120_000)
const NEEDS = {
  needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'curl', 'sh', ...sshTyping.needs],
  root: true,
}
const [PROGRAMS, RELOADS] = [40, 2]

test(
  'curl in a loop, by SOCKS and as baton run has it, misses nothing of reloads here and at the director; sessions go on',
  async (scope) => {
    const site = await OutwardSite.planned(scope, { more: ['--uploads', 'survive'], upArguments: ['--profile', 'lan'] })
    const { node, host } = await site.other()
    const director = await site.director()
    const { socks } = await Socks.ask(scope, host, DOOR, { address: site.far.address, port: FAR_PORT }, PROGRAMS)
    await startSshd(site.far, site.folder)
    const command = [...sshCommand(site.folder), `root@${site.far.address}`, 'echo "from $SSH_CONNECTION"; exec cat']
    const ssh = await site.runAs(scope, node, ...command)
    assert.is((await ssh.hears(/from (\S+) /))[1], ADDRESS)
    const curls = await Promise.all([site.curls(scope, node, 'socks'), site.curls(scope, node, 'run')])
    const more = async (count: number) => {
      for (const curl of curls) await curl.hears(new RegExp(`(as ${ADDRESS}\\n){${count}}`), curl.said.length, 20_000)
    }
    await more(3)
    for (let reload = 1; reload <= RELOADS; reload++) {
      for (const one of [node, director]) {
        await site.cluster.replace(one)
        await more(5)
        assert.is(await socks.echo(`${reload}-${one.name}`), PROGRAMS)
        ssh.say(`${reload} ${one.name}\n`)
        await ssh.hears(new RegExp(`${reload} ${one.name}\n`))
      }
    }
    for (const curl of curls) assert.not.match(curl.said, /failed/, curl.said)
    assert.equal(site.events('no-outward-door'), [])
  },
  NEEDS,
)

test.run()
