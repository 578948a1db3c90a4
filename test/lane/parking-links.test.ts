/** The same over a data link: the program's node says that it is gone, or is itself no more. */
import { once } from 'node:events'
import net from 'node:net'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { freePort } from '../peers/ports.js'
import { Relay } from './relay.js'
import { A, ADDRESS, B, direct, join, LaneUnderTest, type Pair, serviceOn } from './two-lanes.js'

const test = suite('lane/parking-links', 10_000)

class Program {
  readonly #sockets = new Set<net.Socket>()
  readonly #server: net.Server

  private constructor(readonly name: string) {
    this.#server = net.createServer((socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('data', (chunk) => {
        if (chunk.toString() !== 'no answer') socket.write(`${name}: ${chunk.toString()}`)
      })
    })
  }

  static async at(scope: Scope, node: string, port: number): Promise<Program> {
    const program = new Program(node.slice(0, 1))
    program.#server.listen(port, ADDRESS[node])
    await once(program.#server, 'listening')
    scope.defer(() => program.exit())
    return program
  }

  /** As its kernel ends its connections. */
  exit(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }
}

class Client {
  heard = ''
  /** How its connection ended. */
  end: string | undefined
  readonly #socket: net.Socket

  constructor(scope: Scope, port: number) {
    this.#socket = net.connect({ host: ADDRESS.service, port })
    scope.defer(() => void this.#socket.destroy())
    this.#socket.on('data', (chunk) => {
      this.heard += chunk.toString()
    })
    this.#socket.on('end', () => {
      this.end ??= 'FIN'
    })
    this.#socket.on('error', ({ message }) => {
      this.end ??= message
    })
  }

  say(word: string): void {
    this.#socket.write(word)
  }

  async asks(word: string, answer: string): Promise<void> {
    this.say(word)
    const isIt = () => (this.heard === answer ? true : undefined)
    await until(isIt, 3_000, () => `'${answer}'; it heard '${this.heard}', end: ${this.end}`, 5)
    this.heard = ''
  }
}

async function served(scope: Scope, parkMs = 5_000) {
  const pair = { a: new LaneUnderTest(scope, A), b: new LaneUnderTest(scope, B) }
  pair.b.tell({ type: 'listen-data', port: 0 })
  const relay = await Relay.to(scope, (await pair.b.hears('data-listening')).at)
  await join(pair, relay.at)
  const port = await freePort()
  const program = await Program.at(scope, B, port)
  await direct(pair, serviceOn(port, { parkMs }), [B])
  const client = new Client(scope, port)
  await client.asks('one', 'b: one')
  // The program's node has been told that all has come, and the other way round.
  await new Promise((resolve) => setTimeout(resolve, 250))
  return { ...pair, relay, port, program, client }
}

async function parked(a: LaneUnderTest, count: number): Promise<void> {
  const isIt = async () => ((await a.report()).perService[0]?.placement?.parked === count ? true : undefined)
  await until(isIt, 3_000, `${count} parked`, 10)
}

async function startsAt(scope: Scope, { a, b }: Pair, node: string, port: number): Promise<void> {
  await Program.at(scope, node, port)
  const [lane, address] = [node === A ? a : b, ADDRESS[node] ?? '']
  lane.tell({ type: 'local-listeners', listeners: [{ port, address }] })
  a.tell({ type: 'backends', service: 'web', seats: [{ node, name: node.slice(0, 1), port }] })
}

for (const next of [A, B]) {
  test(`a program ends, and the next at ${next === A ? 'another node' : 'the same node'} has its client`, async (scope) => {
    const { a, b, port, program, client } = await served(scope)
    a.tell({ type: 'backends', service: 'web', seats: [] })
    program.exit()
    b.tell({ type: 'local-listeners', listeners: [] })
    await parked(a, 1)
    await startsAt(scope, { a, b }, next, port)
    await client.asks('two', `${next.slice(0, 1)}: two`)
    assert.is(client.end, undefined)
    const { placement } = (await a.report()).perService[0] ?? {}
    assert.equal([placement?.parked, placement?.resumed, placement?.givenUp], [0, 1, 0])
    const left = await b.report()
    assert.is(left.active, next === B ? 1 : 0, 'nothing of the splice that was is left')
  })
}

test('a program that is being stopped may just have answered', async (scope) => {
  const { a, b, port, program, client } = await served(scope)
  await client.asks('two', 'b: two')
  a.tell({ type: 'backends', service: 'web', seats: [] })
  b.tell({ type: 'local-listeners', listeners: [], ending: ['web'] })
  program.exit()
  await parked(a, 1)
  await startsAt(scope, { a, b }, B, port)
  await client.asks('three', 'b: three')
  assert.is(client.end, undefined)
})

test('a node that is gone is known to be so by its director alone', async (scope) => {
  const { a, b, relay, port, client } = await served(scope)
  a.tell({ type: 'backends', service: 'web', seats: [] })
  relay.break()
  a.tell({ type: 'peer-gone', peer: B, hasEnded: true })
  await parked(a, 1)
  await startsAt(scope, { a, b }, A, port)
  await client.asks('two', 'a: two')
  assert.is(client.end, undefined)
})

test('a node that is gone while a client waits for an answer: it is told', async (scope) => {
  const { a, relay, client } = await served(scope)
  client.say('no answer')
  await until(async () => ((await a.report()).splices[0]?.bytesUp === 12 ? true : undefined), 3_000, 'it is passed on')
  relay.break()
  a.tell({ type: 'peer-gone', peer: B, hasEnded: true })
  await until(() => client.end, 3_000, 'it hears of it')
  assert.is(client.end, 'read ECONNRESET')
})

test('without the option a node that is gone takes its clients along', async (scope) => {
  const { a, relay, client } = await served(scope, 0)
  relay.break()
  a.tell({ type: 'peer-gone', peer: B, hasEnded: true })
  await until(() => client.end, 3_000, 'it hears of it')
  const { placement } = (await a.report()).perService[0] ?? {}
  assert.equal([client.end, placement?.parked, placement?.givenUp], ['read ECONNRESET', 0, 0])
})

test('nobody comes in time: the client is told', async (scope) => {
  const { a, b, program, client } = await served(scope, 1_000)
  a.tell({ type: 'backends', service: 'web', seats: [] })
  program.exit()
  b.tell({ type: 'local-listeners', listeners: [] })
  await parked(a, 1)
  await until(() => client.end, 3_000, 'it hears of it')
  assert.is(client.end, 'read ECONNRESET')
})

test.run()
