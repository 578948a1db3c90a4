import type { AlarmClock } from '../../../src/base/clock.js'
import { silentLogger } from '../../../src/base/log.js'
import { type ListeningSocket, type SourceProblem, tooManySockets } from '../../../src/kernel/listening-socket.js'
import { programWatch } from '../../../src/node/programs/program-watch.io.js'
import { assert, suite } from '../../harness/suite.js'
import { FakeProcesses } from '../../kernel/fake-processes.js'

const test = suite('node/programs/program-watch')

function watch(users?: readonly number[]) {
  let [now, look] = [0, () => {}]
  const clock: AlarmClock = {
    now: () => now,
    wall: () => now,
    // The table asks for its alarm last.
    alarm: (ring) => {
      look = ring
      return { set: () => {} }
    },
  }
  const warnings = new Map<string, string>()
  const said: string[] = []
  const source = {
    name: 'fake',
    answer: [] as readonly ListeningSocket[] | SourceProblem,
    look: () => source.answer,
    close: () => {},
  }
  const table = programWatch({
    clock,
    source,
    users,
    warnings,
    logger: silentLogger,
    processes: new FakeProcesses(),
    ownSockets: { among: () => new Set<number>() },
    onListeners: (listeners) => said.push(listeners.map(({ port }) => port).join(' ')),
  })
  const next = (answer: readonly ListeningSocket[] | SourceProblem) => {
    source.answer = answer
    now += 50
    look()
  }
  return { table, warnings, said, next }
}

function listening(port: number, uid = 0): ListeningSocket {
  return { address: '0.0.0.0', port, uid, inode: port }
}

test('that programs are not found is a warning for as long as it is so', () => {
  const { table, warnings, said, next } = watch()
  table.start()
  next([listening(80)])
  next({ code: 'unreadable', why: 'EMFILE' })
  assert.equal([...warnings.values()], ['programs of this host are not found: EMFILE'])
  next([listening(80)])
  assert.equal([[...warnings], said], [[], ['', '80']])
})

test('of too many listeners those that were looked at are told, with a warning', () => {
  const { table, warnings, said, next } = watch()
  table.start()
  next([listening(80)])
  next(tooManySockets([listening(443)]))
  assert.equal(said, ['', '80', '443'])
  assert.match(
    [...warnings.values()].join(),
    /^some programs of this host are not found: 8192 listening sockets or more/,
  )
  next([listening(80)])
  assert.equal([[...warnings], said.at(-1)], [[], '80'])
})

test('programs of other users than those that were named are not told', () => {
  const { table, said, next } = watch([33])
  table.start()
  next([listening(22), listening(80, 33)])
  assert.equal(said, ['', '80'])
})

test.run()
