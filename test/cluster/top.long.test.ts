/** `baton top` over a takeover, in a terminal: what it shows, and its last screen. */
import { HostTalkers } from '../../src/lab/host-talkers.io.js'
import { Terminal } from '../cli/terminal.js'
import { assert, suite } from '../harness/suite.js'
import { ADDRESS, PORT, SurvivalSite } from './survival.js'

const test = suite('cluster/top', 120_000)
const CLIENTS = 100
const TALK_EVERY_MS = 20

test(
  'a takeover is seen as it happens, in the terminal of the node that takes over',
  async (scope) => {
    const { site } = await SurvivalSite.buildMortal(scope, ADDRESS, ['--local', 'last'], ['--profile', 'lan'])
    const { cluster, lan } = site
    const first = (await site.director()).node
    const talkers = new HostTalkers(lan.named('client'), { address: ADDRESS, port: PORT }, CLIENTS, TALK_EVERY_MS)
    await talkers.stand()
    const screens = cluster.nodes
      .filter(({ name }) => name !== first.name)
      .map((node) => Terminal.start(scope, ['top', '--state', node.state, '--interval', '300ms'], { NO_COLOR: '1' }))
    for (const screen of screens)
      await screen.shows(new RegExp(`${first.name} directs echo|echo\\s.*\\b${first.name}\\b`))
    await cluster.kill(first)
    for (const screen of screens) await screen.shows(new RegExp(`process of ${first.name} has ended`))
    const { node } = await site.director()
    const next = screens[cluster.nodes.filter(({ name }) => name !== first.name).indexOf(node)]
    assert.ok(next)
    const shown = await next.shows(/connections rebuilt/)
    console.log(shown)
    assert.match(shown, new RegExp(`${node.name} directs echo`))
    for (const screen of screens) screen.type('q')
    for (const screen of screens) assert.is(await screen.ended, 0)
    await talkers.stop()
  },
  { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'script', 'stty'], root: true },
)

test.run()
