/** Programs that are drained: no new connections, those that stand go on. */
import net from 'node:net'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { addService, type Fixture, startCluster } from './fixture.js'

const test = suite('cluster/program-drain', 100_000)
const PORT = 8_095

/** Says its node's name, and echoes what it is told; it ends when the client does. */
async function startEchoes(scope: Scope, { cluster }: Fixture): Promise<void> {
  for (const { name, address } of cluster.nodes) {
    const open = new Set<net.Socket>()
    const server = net.createServer((socket) => {
      open.add(socket.on('error', () => {}).on('close', () => open.delete(socket)))
      socket.write(`${name}\n`)
      socket.pipe(socket)
    })
    await new Promise<void>((resolve) => server.listen(PORT, address, resolve))
    scope.defer(() => {
      for (const socket of open) socket.destroy()
      server.close()
    })
  }
}

class Client {
  name = ''
  error: string | undefined
  isOver = false
  readonly #socket: net.Socket
  readonly ready: Promise<void>
  #said = ''

  constructor(address: string) {
    this.#socket = net.connect({ host: address, port: PORT })
    this.ready = new Promise((resolve) => {
      this.#socket.on('data', (chunk) => {
        this.#said += chunk.toString()
        if (this.name === '' && this.#said.includes('\n')) this.name = this.#said.slice(0, this.#said.indexOf('\n'))
        resolve()
      })
      this.#socket.on('error', (error) => {
        this.error = error.message
        resolve()
      })
      this.#socket.on('close', () => {
        this.isOver = true
        resolve()
      })
    })
  }

  async echoes(word: string): Promise<boolean> {
    this.#socket.write(word)
    return until(
      async () => (this.#said.includes(word) ? true : this.isOver ? false : undefined),
      3_000,
      word,
      10,
    ).catch(() => false)
  }

  /** In order: the program ends when it has heard that. */
  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}

async function connect(scope: Scope, { serviceAddress }: Fixture, count: number): Promise<Client[]> {
  const clients = Array.from({ length: count }, () => new Client(serviceAddress))
  scope.defer(() => {
    for (const client of clients) client.destroy()
  })
  await Promise.all(clients.map(({ ready }) => ready))
  return clients
}

const byName = (clients: readonly Client[]) => [...new Set(clients.map(({ name }) => name))].sort()

test('drained, a program gets nothing new and loses nothing; counted from any node; undone it serves again', async (scope) => {
  const fixture = await startCluster(scope)
  const { cluster } = fixture
  await startEchoes(scope, fixture)
  await addService(fixture, 'echo', `${PORT}`, 3)
  const [one, two] = cluster.nodes
  if (one === undefined || two === undefined) throw new Error('nodes')
  const before = await connect(scope, fixture, 12)
  assert.equal(byName(before), ['node1', 'node2', 'node3'])
  const { stdout } = await cluster.baton(one, 'drain', 'echo@node2', '--json')
  assert.is(JSON.parse(stdout).drained, true)
  await until(
    async () => {
      const views = await Promise.all(cluster.live().map(({ client }) => client.service('echo')))
      return (
        views.every(({ backends }) => backends.find(({ node }) => node.name === 'node2')?.state === 'draining') ||
        undefined
      )
    },
    5_000,
    'all know',
  )
  assert.equal(byName(await connect(scope, fixture, 9)), ['node1', 'node3'])
  for (const client of before) assert.ok(await client.echoes('still here'), `${client.name}: ${client.error}`)
  assert.match(
    (await one.client.why('echo')).sentences.join(' '),
    /node2 gets no new connections, it is draining: an operator drains it/,
  )
  const there = before.filter(({ name }) => name === 'node2')
  assert.is((await one.client.programDrain('node2', 'echo')).live, there.length)

  const waiting = cluster.baton(one, 'drain', 'echo@node2', '--wait')
  for (const client of there) client.end()
  assert.match((await waiting).stdout, /nobody is connected/)
  await cluster.baton(two, 'drain', 'echo@node2', '--undo')
  await until(
    async () => (byName(await connect(scope, fixture, 6)).includes('node2') ? true : undefined),
    5_000,
    'node2 serves again',
  )
})

test.long(
  'with a deadline what stands is closed, gradually where that is asked for; of other nodes nothing is',
  async (scope) => {
    const fixture = await startCluster(scope)
    const { cluster } = fixture
    await startEchoes(scope, fixture)
    await addService(fixture, 'echo', `${PORT}`, 3)
    const clients = await connect(scope, fixture, 60)
    const [one] = cluster.nodes
    if (one === undefined) throw new Error('a node')
    const there = clients.filter(({ name }) => name === 'node3')
    const begun = Date.now()
    await cluster.baton(one, 'drain', 'node3', '--deadline', '6s', '--gradual')
    const closed: number[] = []
    await until(
      async () => {
        while (closed.length < there.filter(({ isOver }) => isOver).length) closed.push(Date.now() - begun)
        return closed.length === there.length || undefined
      },
      12_000,
      () => `all are closed: ${closed.length} of ${there.length}`,
      20,
    )
    assert.ok((closed[0] ?? 0) < 4_000 && (closed.at(-1) ?? 0) > 4_000, `not all at once: ${closed.join(' ')}`)
    for (const client of clients) if (client.name !== 'node3') assert.ok(await client.echoes('x'), client.name)
    const last = await cluster
      .baton(one, 'drain', 'node1')
      .then(() => cluster.baton(one, 'drain', 'node2'))
      .catch(({ stderr }) => String(stderr))
    assert.match(String(last), /no node but node2 serves echo now/)
  },
)

test.run()
