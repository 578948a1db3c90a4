import type { AlarmClock } from '../../src/base/clock.js'
import { formatProgram } from '../../src/base/program.js'
import { ListenerPrograms, REVIEW_MS, SLICE_MS } from '../../src/kernel/listener-programs.js'
import { assert, suite } from '../harness/suite.js'
import { FakeProcesses } from './fake-processes.js'

const test = suite('kernel/listener-programs')

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
  /** To the next alarm. */
  ring(): void {
    this.#now = Math.max(this.#now, this.deadline ?? this.#now)
    this.deadline = undefined
    this.#ring()
  }
  /** All alarms for so long. */
  run(ms: number): void {
    const end = this.#now + ms
    while (this.deadline !== undefined && this.deadline <= end) this.ring()
    this.#now = end
  }
}

/** Each step of a search takes `stepMs`. */
function host(stepMs = 0) {
  const clock = new FakeClock()
  const processes = new FakeProcesses(() => clock.pass(stepMs))
  let news = 0
  const programs = new ListenerPrograms(clock, processes, () => void news++)
  const of = (inode: number) => {
    const program = programs.of(inode)
    return program === undefined ? '?' : formatProgram(program)
  }
  return { clock, processes, programs, of, news: () => news }
}

test('the program of a new socket is found before want returns, and no process is looked through again for it', () => {
  const { clock, processes, programs, of, news } = host()
  processes.set(10, 'redis-server', { sockets: { 6: 1 } })
  processes.set(11, 'cat')
  programs.want([1])
  assert.equal([of(1), news(), processes.reads], ['redis-server (10)', 0, 2])
  programs.want([1])
  clock.run(60_000)
  assert.equal([of(1), news(), processes.reads], ['redis-server (10)', 0, 2])
})

test('of processes that share a socket the oldest of the chain is named; systemd only where nobody else has it', () => {
  const { clock, processes, programs, of, news } = host()
  processes.set(1, 'systemd', { sockets: { 40: 1, 41: 2 } })
  processes.set(100, 'nginx', { parent: 1, sockets: { 6: 1 } })
  processes.set(101, 'nginx', { parent: 100, sockets: { 6: 1 } })
  processes.set(102, 'nginx', { parent: 100, sockets: { 9: 1 } })
  programs.want([1, 2])
  assert.equal([of(1), of(2)], ['nginx (100)', 'systemd (1)'])
  processes.set(200, 'sshd', { parent: 1, sockets: { 3: 2 } })
  clock.run(3 * REVIEW_MS)
  assert.equal([of(2), news()], ['sshd (200)', 1])
})

test('a chain ends where a parent does not hold the socket, and is bounded', () => {
  const { processes, programs, of } = host()
  processes.set(50, 'bash')
  processes.set(51, 'worker', { parent: 50, sockets: { 3: 1 } })
  processes.set(70, 'ouroboros', { parent: 70, sockets: { 3: 2 } })
  programs.want([1, 2])
  assert.equal([of(1), of(2)], ['worker (51)', 'ouroboros (70)'])
})

test('a socket that is handed over, a holder that ends, and a program that calls itself otherwise are noticed', () => {
  const { clock, processes, programs, of, news } = host()
  processes.set(10, 'old', { sockets: { 3: 1 } })
  programs.want([1])
  processes.set(9, 'new', { sockets: { 3: 1 } })
  processes.set(10, 'old', { sockets: { 3: 77 } })
  clock.run(2 * REVIEW_MS)
  assert.equal([of(1), news()], ['new (9)', 1])
  processes.set(9, 'newer', { sockets: { 3: 1 } })
  clock.run(2 * REVIEW_MS)
  assert.equal([of(1), news()], ['newer (9)', 2])
  processes.end(9)
  clock.run(2 * REVIEW_MS)
  assert.equal([of(1), news()], ['?', 3])
})

test('what cannot be found is searched for more and more rarely, and found when it can be', () => {
  const { clock, processes, programs, of, news } = host()
  processes.set(10, 'cat')
  programs.want([1])
  clock.run(600_000)
  assert.ok(processes.reads > 6 && processes.reads < 20, `${processes.reads} searches in ten minutes`)
  processes.set(11, 'late', { sockets: { 3: 1 } })
  clock.run(70_000)
  assert.equal([of(1), news()], ['late (11)', 1])
})

test('a long search is done in slices, and tells when it has found something', () => {
  const { clock, processes, programs, of, news } = host(0.5)
  for (let pid = 10; pid < 1_000; pid++) processes.set(pid, 'other', { sockets: { 3: pid * 10 } })
  processes.set(9, 'first', { sockets: { 3: 1 } })
  const startedAt = clock.now()
  programs.want([1])
  assert.ok(clock.now() - startedAt <= SLICE_MS + 0.5)
  assert.is(of(1), '?')
  while (of(1) === '?') {
    const before = clock.deadline ?? 0
    clock.ring()
    assert.ok(clock.now() - before <= SLICE_MS + 0.5, 'a slice')
    assert.ok((clock.deadline ?? 0) - clock.now() >= SLICE_MS, 'a rest')
  }
  assert.equal([of(1), news()], ['first (9)', 1])
})

test('a new socket of a new process is found while a long search for another goes on', () => {
  const { clock, processes, programs, of } = host(0.5)
  for (let pid = 10; pid < 1_000; pid++) processes.set(pid, 'other', { sockets: { 3: pid * 10 } })
  processes.set(9, 'first', { sockets: { 3: 1 } })
  programs.want([1])
  clock.ring()
  processes.set(1_001, 'new', { sockets: { 3: 2 } })
  programs.want([1, 2])
  assert.equal([of(1), of(2)], ['?', 'new (1001)'])
  for (let inode = 100_000; inode < 100_100; inode++) {
    programs.want([1, 2, inode])
    clock.run(50)
  }
  assert.is(of(1), 'first (9)')
})

test('sockets that come and go all the time do not keep it searching', () => {
  const { clock, processes, programs } = host(0.1)
  for (let pid = 10; pid < 510; pid++) processes.set(pid, 'other', { sockets: { 3: pid * 1_000_000 } })
  const endAt = clock.now() + 60_000
  for (let inode = 1; clock.now() < endAt; inode++) {
    programs.want([inode])
    clock.run(50)
  }
  // A process takes 0.1 ms, all time a tenth, and a second was in advance; a new socket has 2 ms in any case.
  assert.ok(processes.reads < 80_000, `${processes.reads} processes looked through in a minute`)
})

test('what is closed is forgotten, also while it is searched for; a socket without an inode is never searched for', () => {
  const { clock, processes, programs, of, news } = host(1)
  for (let pid = 10; pid < 20; pid++) processes.set(pid, 'other', { sockets: { 3: pid } })
  processes.set(9, 'first', { sockets: { 3: 1 } })
  programs.want([1])
  programs.want([])
  clock.run(1_000)
  assert.equal([of(1), news()], ['?', 0])
  const { reads } = processes
  programs.want([0])
  clock.run(1_000)
  assert.is(processes.reads, reads)
  programs.stop()
  assert.is(clock.deadline, undefined)
})

test.run()
