/** Connections of a proxy in front when nobody dies: its director gives them away, or goes on as another process. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { LabNode } from '../../src/lab/cluster.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { fareByProxy, folderFor, NEEDS } from './identity-site.js'
import { ADDRESS, PORT, printedBy, SurvivalSite } from './survival.js'

const test = suite('cluster/identity, by order', 90_000)
const OPTIONS = { needs: [...NEEDS, 'haproxy'], root: true }

test(
  'a move: nobody loses anything',
  (scope) => fareByProxy(scope, (site, node) => site.cluster.baton(node, 'move', 'echo'), { lostMax: 0, moves: true }),
  OPTIONS,
)

test(
  'another process of the director: nobody loses anything',
  // Its links are made anew before it renews: a lease of 400 ms may be over by then, where four hosts share two cores.
  (scope) => {
    const replace = (site: SurvivalSite, node: LabNode) => site.cluster.replace(node)
    return fareByProxy(scope, replace, { lostMax: 0, moves: false, profile: 'lan' })
  },
  OPTIONS,
)

const HEADER = 'PROXY TCP4 198.51.100.7 203.0.113.9 51000 443\\r\\n'
/** Says half of a header, waits for a word on its input, and says the rest and what it wants to hear back. */
const HALVES = `
const socket = require('node:net').connect(${PORT}, '${ADDRESS}')
const say = (text) => socket.write(text)
socket.on('connect', () => { say('${HEADER}'.slice(0, 20)); console.log('half') })
socket.on('data', (text) => console.log('heard ' + text))
socket.on('error', (error) => console.log(error.code))
process.on('SIGUSR2', () => say('${HEADER}'.slice(20) + 'the rest'))
`

test(
  'a header of which half has come is gone on with by another process',
  async (scope) => {
    const settings = ['--local', 'last', '--accept-proxy', '10.77.0.0/16']
    const { site } = await SurvivalSite.buildMortal(scope, ADDRESS, settings, ['--profile', 'lan'])
    const { node } = await site.director()
    const file = path.join(folderFor(scope), 'halves.cjs')
    writeFileSync(file, HALVES)
    const client = site.lan.named('client').start('halves', [process.execPath, file])
    const said = (line: string) => until(() => (printedBy(client).includes(line) ? true : undefined), 5_000, line)
    await said('half')
    await until(
      async () => ((await node.client.service('echo')).introductions?.waiting === 1 ? true : undefined),
      3_000,
      'the director waits for the rest',
    )
    await site.cluster.replace(node)
    assert.is((await node.client.service('echo')).introductions?.waiting, 1)
    client.kill('SIGUSR2')
    await said('heard the rest')
    const { stdout } = await site.cluster.baton(node, 'splices', '--json')
    assert.match(stdout, /"from": ?"198\.51\.100\.7:51000"/)
  },
  OPTIONS,
)

test.run()
