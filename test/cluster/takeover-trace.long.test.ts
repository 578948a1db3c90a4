/**
 * What the cable of two clients carries when their director is killed: one talks every 50 ms, one is silent. `OUT=FILE` keeps the
 * trace; docs/handoff.md explains one line by line.
 */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { ADDRESS, losses, SurvivalSite } from './survival.js'
import { readPacket } from './takeover-trace.js'

const test = suite('cluster/takeover-trace', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'tcpdump'], root: true }

test(
  'a killed director: no FIN and no RST, a probe, an answer, and the retransmission that is taken',
  async (scope) => {
    const site = await SurvivalSite.build(scope, ADDRESS, '--local', 'last')
    const { node } = await site.director()
    const dump = site.lan
      .named('client')
      .start('tcpdump', [
        'tcpdump',
        '-tt',
        '-e',
        '-n',
        '-S',
        '-l',
        '-i',
        'eth0',
        `arp or tcp port ${SurvivalSite.PORT}`,
      ])
    await until(() => (dump.tail().includes('listening on') ? true : undefined), 5_000, 'tcpdump listens')
    let faultAt = 0
    const report = await site.fare(
      ADDRESS,
      2,
      () => {
        faultAt = Date.now()
        return site.cluster.kill(node)
      },
      () => {},
      50,
    )
    await dump.stop()
    assert.equal(losses(report), {})
    const { readFileSync } = await import('node:fs')
    const lines = readFileSync(dump.output, 'utf8').split('\n')
    const packets = lines.flatMap((line) => readPacket(line, ADDRESS, faultAt) ?? [])
    const after = packets.filter(({ at }) => at > 0 && at < 1_900)
    if (process.env['OUT'] !== undefined) {
      const told = packets.filter(({ at }) => at > -120 && at < 1_900)
      const text = told.map(
        ({ at, from, to, text }) => `${at.toFixed(1).padStart(8)}  ${from.slice(-5)} > ${to.slice(-5)}  ${text}`,
      )
      writeFileSync(path.resolve(process.env['OUT']), `${text.join('\n')}\n`)
    }
    assert.equal(
      after.filter(({ isReply, flags }) => isReply && /[FR]/.test(flags)).map(({ text }) => text),
      [],
      'nobody hears of the death',
    )
    const directors = [...new Set(packets.filter(({ isReply }) => isReply).map(({ from }) => from))]
    assert.is(directors.length, 2, 'one host answered for the address, and then another')
    const [, next = ''] = directors
    const first = after.findIndex(({ isReply, from }) => isReply && from === next)
    const probe = after[first]
    assert.is(probe?.bytes, 0, 'the first thing that a client hears is an empty segment: the window probe')
    const announced = after.findIndex(({ kind, text }) => kind === 'arp' && text.includes(ADDRESS))
    assert.ok(announced >= 0, 'the address is announced')
    const taken = after.find(({ isReply, from, bytes }) => isReply && from === next && bytes > 0)
    assert.ok(taken !== undefined, 'the talking client gets its answer')
  },
  NEEDS,
)

test.run()
