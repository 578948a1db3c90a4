import { once } from 'node:events'
import { closeSync } from 'node:fs'
import net from 'node:net'
import { AF_INET, EPOLL_CLOEXEC } from '../../src/kernel/constants.js'
import { RemainsSorter } from '../../src/kernel/lane-remains.io.js'
import { encodeSockaddr, SOCKADDR_BYTES_MAX } from '../../src/kernel/sockaddr.js'
import { addressOf, loadSyscalls, type Syscalls } from '../../src/kernel/syscalls.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'

const test = suite('kernel/lane-remains', 10_000)
const HOME = '127.0.0.1'
const SOCK_STREAM_CLOEXEC = 1 | 0o2000000

const loaded = loadSyscalls()
if ('why' in loaded) throw new Error(loaded.why)
const sys: Syscalls = loaded

/** The far ends of all connections, and what each has heard. */
async function peer(scope: Scope) {
  const server = net.createServer({ allowHalfOpen: true })
  scope.defer(() => void server.close())
  server.listen(0, HOME)
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const heard = new Map<number, string>()
  server.on('connection', (socket) => {
    scope.defer(() => void socket.destroy())
    const from = socket.remotePort ?? 0
    const hear = (word: string) => heard.set(from, `${heard.get(from) ?? ''}${word}`)
    hear('')
    socket.on('data', (chunk) => hear(chunk.toString()))
    socket.on('end', () => hear(' FIN'))
    socket.on('error', () => hear(' RST'))
  })
  const name = new Uint8Array(new ArrayBuffer(SOCKADDR_BYTES_MAX))
  const words = new Uint32Array(1)
  /** Our end of one, and its port. */
  const connection = async (): Promise<{ fd: number; port: number }> => {
    const fd = sys.socket(AF_INET, SOCK_STREAM_CLOEXEC)
    assert.is(sys.connect(fd, addressOf(name.buffer), encodeSockaddr({ address: HOME, port }, name)), 0)
    words[0] = SOCKADDR_BYTES_MAX
    sys.getsockname(fd, addressOf(name.buffer), addressOf(words.buffer))
    const own = ((name[2] ?? 0) << 8) | (name[3] ?? 0)
    await until(() => heard.get(own), 2_000, 'it stands')
    return { fd, port: own }
  }
  return { heard, connection }
}

test(
  'clients stay, or go without a word; links get what they were given and an end, programs an RST; nothing else stays',
  async (scope) => {
    const { heard, connection } = await peer(scope)
    const [kept, silent, link, program] = [
      await connection(),
      await connection(),
      await connection(),
      await connection(),
    ]
    const epoll = sys.epollCreate(EPOLL_CLOEXEC)
    const listener = sys.socket(AF_INET, SOCK_STREAM_CLOEXEC)
    assert.is(sys.listen(listener, 1), 0)
    for (const { fd } of [silent, link]) sys.send(fd, Buffer.from('last'))
    const sorter = RemainsSorter.open()
    if ('why' in sorter) throw new Error(sorter.why)
    const all = [kept, silent, link, program].map(({ fd }) => fd)
    const remains = sorter.sort([epoll, listener, ...all], {
      clientAt: ({ port }) => (port === kept.port ? 'keep' : port === silent.port ? 'silence' : undefined),
      isLink: (local, remote) => local.port === link.port && remote.address === HOME,
    })
    assert.equal(
      remains.clients.map(({ fd, destination }) => [fd, destination]),
      [[kept.fd, { address: HOME, port: kept.port }]],
    )
    assert.equal([remains.links, remains.programs], [[link.fd], 1])
    for (const fd of [epoll, listener, silent.fd, program.fd]) assert.throws(() => closeSync(fd), 'EBADF')
    sys.send(kept.fd, Buffer.from('on'))
    await until(() => (heard.get(kept.port) === 'on' ? true : undefined), 2_000, 'the one that was kept goes on')
    await until(() => (heard.get(link.port) === 'last FIN' ? true : undefined), 2_000, 'the link ends in order')
    await until(() => (heard.get(program.port) === ' RST' ? true : undefined), 2_000, 'the program is reset')
    assert.is(heard.get(silent.port), 'last')
    sorter.close([link.fd, kept.fd])
  },
  { root: true },
)

test(
  'at the end of the process all connections of an address fall silent, however they are closed',
  async (scope) => {
    const { heard, connection } = await peer(scope)
    const [one, other] = [await connection(), await connection()]
    const sorter = RemainsSorter.open()
    if ('why' in sorter) throw new Error(sorter.why)
    sorter.silenceAt(new Set(['10.9.9.9']), [other.fd])
    sorter.silenceAt(new Set([HOME]), [one.fd])
    sorter.close([one.fd, other.fd])
    await until(() => (heard.get(other.port) === ' FIN' ? true : undefined), 2_000, 'the other is told')
    assert.is(heard.get(one.port), '')
  },
  { root: true },
)

test.run()
