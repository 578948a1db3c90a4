import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { SourceWay } from '../../../src/kernel/source-way.io.js'
import { SourceWays } from '../../../src/node/addresses/source-ways.io.js'
import type { ToLane } from '../../../src/proxy/lane-protocol.js'
import { assert, type Scope, suite } from '../../harness/suite.js'

const test = suite('node/addresses/source-ways', 10_000)

function room(engine = 'epoll', isLeft = false) {
  const done: string[] = []
  const [warnings, told, logged]: [Map<string, string>, string[], string[]] = [new Map(), [], []]
  const state = { why: '' }
  const way = {
    setUp: () => {
      done.push('up')
      return state.why
    },
    takeDown: () => void done.push('down'),
  }
  const logger = { log: (_level: string, event: string) => void logged.push(event) }
  const toLane = (message: ToLane) => void told.push(message.type === 'source-way' ? message.why : '?')
  return {
    ways: new SourceWays({ logger, warnings, engine, toLane, way }, isLeft),
    done,
    warnings,
    told,
    logged,
    state,
  }
}

test('what a life before has left goes at the start, but not what another process of this node still needs', () => {
  assert.equal(room().done, ['down'])
  assert.equal(room('epoll', true).done, [])
})

test('it is there from the first service that wants it to the end, and lanes hear that once', (scope) => {
  const { ways, done, told } = room()
  scope.defer(() => ways.close())
  ways.follow(false)
  assert.equal([done, told], [['down'], []])
  ways.follow(true)
  ways.follow(false)
  ways.look()
  assert.equal([done, told], [['down', 'up', 'up'], ['']])
  ways.close()
  assert.is(done.at(-1), 'down')
})

test('what is in the way is a warning with a way out, and told to lanes, until it is there', (scope) => {
  const { ways, warnings, told, logged, state } = room()
  scope.defer(() => ways.close())
  state.why = 'EPERM'
  ways.follow(true)
  ways.look()
  assert.match(warnings.get('source-way') ?? '', /EPERM.*CAP_NET_ADMIN.*baton doctor/)
  state.why = ''
  ways.look()
  assert.equal([told, logged, warnings.size], [['EPERM', ''], ['no-source-way', 'source-way'], 0])
})

test('the portable engine is told why not, and nothing is touched', (scope) => {
  const { ways, done, told } = room('net')
  scope.defer(() => ways.close())
  ways.follow(true)
  assert.equal(done, [])
  assert.match(told[0] ?? '', /epoll/)
})

function settings(scope: Scope): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-settings-'))
  scope.defer(() => rmSync(folder, { recursive: true }))
  for (const family of ['ipv4', 'ipv6']) mkdirSync(path.join(folder, family))
  return `${folder}/`
}

test(
  'a setting that cannot be made is named, as a person would set it',
  (scope) => {
    const folder = settings(scope)
    assert.match(new SourceWay(folder).setUp(), /^net\.ipv4\.tcp_fwmark_accept cannot be set: ENOENT$/)
    writeFileSync(path.join(folder, 'ipv4/fwmark_reflect'), '0\n')
    assert.is(readFileSync(path.join(folder, 'ipv4/fwmark_reflect'), 'utf8'), '0\n', 'the others are not touched')
  },
  { root: true },
)

test.run()
