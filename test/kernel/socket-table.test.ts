import type { AlarmClock } from '../../src/base/clock.js'
import { formatProgram } from '../../src/base/program.js'
import {
  type ListeningSocket,
  type SocketSource,
  type SourceProblem,
  tooManySockets,
} from '../../src/kernel/listening-socket.js'
import { SocketTable } from '../../src/kernel/socket-table.io.js'
import { assert, suite } from '../harness/suite.js'
import { FakeProcesses } from './fake-processes.js'

const test = suite('kernel/socket-table')

/** A clock that stands still until told, with the alarm of one table; that of its programs never rings. */
class FakeClock implements AlarmClock {
  deadline: number | undefined
  #now = 1_000
  #ring = () => {}
  now = () => this.#now
  wall = () => this.#now
  alarm(ring: () => void) {
    this.#ring = ring
    const set = (deadline: number | undefined) => {
      this.deadline = deadline
    }
    return { set }
  }
  pass(ms: number): void {
    this.#now += ms
  }
  ring(): void {
    this.#now = this.deadline ?? this.#now
    this.#ring()
  }
}

class FakeSource implements SocketSource {
  readonly name = 'fake'
  answer: readonly ListeningSocket[] | SourceProblem = []
  lookMs = 0
  closed = false
  constructor(private readonly clock: FakeClock) {}
  look() {
    this.clock.pass(this.lookMs)
    return this.answer
  }
  close() {
    this.closed = true
  }
}

const textOf = ({ address, port, program }: ListeningSocket) => {
  return `${address}:${port}${program === undefined ? '' : `=${formatProgram(program)}`}`
}

function fakeTable(own: readonly number[] = [], processes = new FakeProcesses()) {
  const clock = new FakeClock()
  const source = new FakeSource(clock)
  const said: string[] = []
  const ownSockets = { among: (inodes: readonly number[]) => new Set(inodes.filter((inode) => own.includes(inode))) }
  const table = new SocketTable({
    clock,
    source,
    ownSockets,
    processes,
    onListeners: (list) => said.push(list.map(textOf).join(' ')),
    onProblem: (problem) => said.push(problem === undefined ? 'over' : `problem ${problem.code}`),
  })
  return { clock, source, said, table }
}

function listening(port: number, inode: number, address = '10.0.0.1'): ListeningSocket {
  return { address, port, uid: 0, inode }
}

test('says something at the start and after a change only', () => {
  const { clock, source, said, table } = fakeTable()
  table.start()
  clock.ring()
  source.answer = [listening(443, 2), listening(80, 1)]
  clock.ring()
  source.answer = [listening(80, 1), listening(443, 2)]
  clock.ring()
  source.answer = []
  clock.ring()
  assert.equal(said, ['', '10.0.0.1:80 10.0.0.1:443', ''])
})

test('two sockets on one port are one listener, and a new inode is no change', () => {
  const { clock, source, said, table } = fakeTable()
  source.answer = [listening(80, 1), listening(80, 2)]
  table.start()
  source.answer = [listening(80, 3)]
  clock.ring()
  assert.equal(said, ['10.0.0.1:80'])
})

test('own sockets are left out', () => {
  const { said, source, table } = fakeTable([2])
  source.answer = [listening(80, 1), listening(81, 2)]
  table.start()
  assert.equal(said, ['10.0.0.1:80'])
})

test('a problem is told once, and what was said before stays', () => {
  const { clock, source, said, table } = fakeTable()
  source.answer = [listening(80, 1)]
  table.start()
  source.answer = { code: 'unreadable', why: 'EMFILE' }
  clock.ring()
  clock.ring()
  assert.equal(said, ['10.0.0.1:80', 'problem unreadable'])
})

test('that a problem is over is told, and no listener twice', () => {
  const { clock, source, said, table } = fakeTable()
  source.answer = [listening(80, 1)]
  table.start()
  source.answer = { code: 'unreadable', why: 'EMFILE' }
  clock.ring()
  source.answer = [listening(80, 1)]
  clock.ring()
  clock.ring()
  assert.equal(said, ['10.0.0.1:80', 'problem unreadable', 'over'])
})

test('of too many sockets those are told that were looked at, not for ever those of before', () => {
  const { clock, source, said, table } = fakeTable([2])
  source.answer = [listening(80, 1)]
  table.start()
  for (const port of [443, 444]) {
    source.answer = tooManySockets([listening(port, 3), listening(90, 2)])
    clock.ring()
  }
  source.answer = [listening(80, 1)]
  clock.ring()
  assert.equal(said, ['10.0.0.1:80', 'problem too-many', '10.0.0.1:443', '10.0.0.1:444', 'over', '10.0.0.1:80'])
})

test('a listener has its program at once where that is soon found, and another when the socket is another', () => {
  const processes = new FakeProcesses()
  processes.set(812, 'nginx', { sockets: { 6: 1 } })
  const { clock, source, said, table } = fakeTable([], processes)
  source.answer = [listening(80, 1)]
  table.start()
  processes.set(900, 'caddy', { sockets: { 7: 2 } })
  source.answer = [listening(80, 2)]
  clock.ring()
  clock.ring()
  assert.equal(said, ['10.0.0.1:80=nginx (812)', '10.0.0.1:80=caddy (900)'])
})

test('a system without the table is asked once', () => {
  const { clock, source, said, table } = fakeTable()
  source.answer = { code: 'unsupported', why: 'no /proc' }
  table.start()
  assert.equal(said, ['problem unsupported'])
  assert.is(clock.deadline, undefined)
})

test('looks every 50 ms, but spends no more than a twentieth of the time on it', () => {
  const { clock, source, table } = fakeTable()
  const restMs = () => (clock.deadline ?? 0) - clock.now()
  table.start(50)
  assert.is(restMs(), 50)
  for (const [lookMs, expected] of [
    [1, 50],
    [6, 120],
    [500, 1_000],
  ] as const) {
    source.lookMs = lookMs
    clock.ring()
    assert.is(restMs(), expected)
  }
})

test('stops for good', () => {
  const { clock, source, table } = fakeTable()
  table.start()
  table.stop()
  assert.is(clock.deadline, undefined)
  assert.ok(source.closed)
})

test.run()
