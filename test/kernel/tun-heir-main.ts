/** In a network namespace of its own: gives a device with an address to a second process, and is killed. Prints who had what when. */
import { spawn } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Netlink } from '../../src/kernel/netlink/netlink.io.js'
import { Tun } from '../../src/kernel/tun.io.js'
import { UnixChannel, UnixListener } from '../../src/kernel/unix-channel.io.js'

const [role = 'first', socket = ''] = process.argv.slice(2)
const ADDRESSES = ['10.99.0.1', 'fd99::1']
const LIMIT_MS = 10_000

function opened<T extends object>(value: T): Exclude<T, { why: string }> {
  if ('why' in value) throw new Error(String(value.why))
  return value as Exclude<T, { why: string }>
}

function say(what: string): void {
  const found = opened(Netlink.open()).addresses()
  const there =
    'why' in found ? [] : found.map(({ address }) => address).filter((address) => ADDRESSES.includes(address))
  process.stdout.write(`${what}: ${there.sort().join(' ')}\n`)
}

if (role === 'first') {
  const tun = opened(Tun.open())
  for (const address of ADDRESSES) tun.add(address)
  say('first has it')
  const listener = opened(UnixListener.open(socket))
  const words = ['--import', 'tsx', fileURLToPath(import.meta.url), 'second', socket]
  spawn(process.execPath, words, { stdio: 'inherit' })
  const channel = opened(listener.accept(LIMIT_MS))
  channel.send(1, new TextEncoder().encode(tun.name), [tun.fd], LIMIT_MS)
  opened(channel.receive(LIMIT_MS))
  process.kill(process.pid, 'SIGKILL')
} else {
  const channel = opened(UnixChannel.connect(socket, LIMIT_MS))
  const { bytes, fds } = opened(channel.receive(LIMIT_MS))
  const tun = opened(Tun.adopt(fds[0] ?? -1, new TextDecoder().decode(bytes)))
  const open = (fd: number) => readlinkSync(`/proc/self/fd/${fd}`)
  process.stdout.write(`on top: ${open(tun.fd)} ${tun.fd > 500}\n`)
  channel.send(2, new Uint8Array(0), [], LIMIT_MS)
  // Ends when the first process has.
  channel.receive(LIMIT_MS)
  say('second alone')
  process.stdout.write(`knows: ${[...tun.addresses].sort().join(' ')}; again ${tun.add(ADDRESSES[0] ?? '')}\n`)
  tun.remove(ADDRESSES[1] ?? '')
  say('one taken away')
  tun.close()
  say('closed')
}
