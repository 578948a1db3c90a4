/**
 * What the cable of two clients carries when their director is killed: one talks every 50 ms, one is silent. `OUT=FILE` keeps the
 * trace; docs/handoff.md explains one line by line.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { ADDRESS, losses, PORT, SurvivalSite } from './survival.js'
import { type Packet, readPacket } from './takeover-trace.js'
import { drawTrace } from './trace-figure.js'

const test = suite('cluster/takeover-trace', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'tcpdump'], root: true }

test(
  'a killed director: no FIN and no RST, a probe, an answer, and the retransmission that is taken',
  async (scope) => {
    const site = await SurvivalSite.build(scope, ADDRESS, '--local', 'last')
    const { node } = await site.director()
    const dump = site.lan
      .named('client')
      .start('tcpdump', ['tcpdump', '-tt', '-e', '-n', '-S', '-l', '-i', 'eth0', `arp or tcp port ${PORT}`])
    await until(
      () => (dump.tail().includes('listening on') ? true : undefined),
      5_000,
      () => `tcpdump listens: ${dump.tail()}`,
    )
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
    const lines = readFileSync(dump.output, 'utf8').split('\n')
    const packets = lines.flatMap((line) => readPacket(line, ADDRESS, faultAt) ?? [])
    const after = packets.filter(({ at }) => at > 0 && at < 1_900)
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
    const out = process.env['OUT']
    if (out !== undefined) keep(path.resolve(out), packets, taken.at, directors)
  },
  NEEDS,
)

/** From the last words before the fault to the first exchange after it. */
function keep(
  out: string,
  packets: readonly Packet[],
  servedAt: number,
  [old = '', next = '']: readonly string[],
): void {
  const told = packets.filter(({ at }) => at > -40 && at < servedAt + 60)
  const client = told.find(({ kind, isReply }) => kind === 'tcp' && !isReply)?.from ?? ''
  const ports = [...new Set(told.map(({ clientPort }) => clientPort).filter((port) => port > 0))]
  const base = new Map<string, number>()
  const relative = (number: number | undefined, of: string) => {
    if (number === undefined) return ''
    if (!base.has(of)) base.set(of, number)
    return String((number - (base.get(of) ?? 0)) | 0)
  }
  const words = (packet: Packet) => {
    if (packet.kind === 'arp') return packet.text.replace(/, length.*/, '')
    const [mine, theirs] = [`${packet.clientPort} ${packet.isReply}`, `${packet.clientPort} ${!packet.isReply}`]
    const seq = packet.seq === undefined ? '' : ` seq ${relative(packet.seq, mine)}:${relative(packet.end, mine)}`
    return `${ports.indexOf(packet.clientPort) === 0 ? 'A' : 'B'}${seq} ack ${relative(packet.ack, theirs)}`
  }
  const lines = told.map((packet) => {
    const name = (link: string) => ({ [old]: 'old', [next]: 'next', [client]: 'client' })[link] ?? 'all'
    const stamps = /TS val (\d+) ecr (\d+)/.exec(packet.text)
    const clock = stamps === null ? '' : `  TS ${stamps[1]} ${stamps[2]}`
    const bytes = packet.bytes > 0 ? `  ${packet.bytes} bytes` : ''
    const way = `${name(packet.from).padStart(6)} > ${name(packet.to).padEnd(6)}`
    return `${packet.at.toFixed(1).padStart(7)}  ${way}  ${words(packet)}${bytes}${clock}`
  })
  writeFileSync(`${out}.txt`, `${lines.join('\n')}\n`)
  const marks = [{ at: 0, text: 'SIGKILL' }]
  writeFileSync(`${out}.svg`, drawTrace(told, { old, client, next }, marks, words))
}

test.run()
