/** A director that is not one any more, and wakes up: nobody hears of it. */
import type { Host } from '../../src/lab/hosts.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope } from '../harness/suite.js'
import { framesOf, losses, SurvivalSite } from './survival.js'

const CLIENTS = 40
/** FIN or RST: of IPv6 without extension headers (pcap-filter(7) knows no names there). */
const ENDS_4 = 'tcp[tcpflags] & (tcp-rst|tcp-fin) != 0'
const ENDS_6 = 'ip6[6] == 6 and ip6[53] & 5 != 0'

export const WAYS = [
  'paused beyond its lease, and goes on',
  'cut off from the others, not from its clients, and is back',
] as const

async function macOf(host: Host): Promise<string> {
  return / link\/ether (\S+)/.exec(await host.run('ip', '-o', 'link', 'show', 'dev', 'eth0'))?.[1] ?? ''
}

export async function depose(scope: Scope, address: string, way: (typeof WAYS)[number]): Promise<void> {
  const site = await SurvivalSite.build(scope, address, '--local', 'last')
  const { node, host } = await site.director()
  const others = site.lan.hosts.filter(({ name }) => name !== 'client' && name !== host.name)
  const mac = await macOf(host)
  const ends = await site.capture(address.includes(':') ? ENDS_6 : ENDS_4, 'and src host', address)
  const isPaused = way.startsWith('paused')
  const report = await site.fare(
    address,
    CLIENTS,
    () => (isPaused ? node.child?.kill('SIGSTOP') : site.lan.partition([host], others)),
    async () => {
      if (isPaused) node.child?.kill('SIGCONT')
      else await site.lan.heal()
    },
  )
  await until(
    async () => ((await host.run('ip', '-o', 'addr')).includes(`${address}/`) ? undefined : true),
    5_000,
    'the address is gone there',
  )
  const theirs = framesOf(ends).filter((line) => line.includes(`${mac} >`))
  assert.equal(theirs, [], 'what the deposed director has said')
  const { ECONNRESET = 0, ...wrong } = losses(report)
  assert.equal(wrong, {}, 'nobody stalls, is ended or hears a wrong byte')
  // Those that talked: what a kernel acknowledges for a process that stands still is lost.
  assert.ok(ECONNRESET <= CLIENTS / 2, `${ECONNRESET} were reset`)
  assert.is(report.silent.alive, CLIENTS / 2)
  assert.is.not((await site.director()).node.name, node.name)
  await until(
    async () => ((await host.run('ss', '-Htn', 'src', address)).trim() === '' ? true : undefined),
    5_000,
    'no socket is left there',
  )
}
