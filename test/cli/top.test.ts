/** `baton top` in a terminal and without one, against a node whose counters grow. */
import { ratesBetween } from '../../src/cli/rates.js'
import { sparkOf } from '../../src/cli/top-view.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { baton } from './baton.js'
import { startFakeNode } from './fake-node.js'
import { Terminal } from './terminal.js'
import { healthy } from './views.js'

const test = suite('cli/top', 30_000)
const NEEDS = { needs: ['script', 'stty'] }

async function growing(scope: Scope) {
  let asked = 0
  let director = 'node2'
  const status = async () => {
    asked++
    const { counters } = healthy
    const services = healthy.services.map((one) => ({ ...one, director: { id: 'x', name: director } }))
    return {
      ...healthy,
      services,
      counters: {
        ...counters,
        accepted: counters.accepted + asked * 100,
        bytesDown: counters.bytesDown + asked * 5_000,
      },
    }
  }
  const events = async () => ({
    events: [
      {
        number: 1,
        at: 0,
        level: 'info',
        event: 'director',
        fields: {},
        text: `${director} directs web, term 9`,
        service: 'web',
        isHandover: true,
      },
    ] as const,
  })
  const node = await startFakeNode(scope, { status, events })
  return {
    ...node,
    moveTo: (name: string) => {
      director = name
    },
  }
}

test(
  'it is drawn again as things change, fits a window that changes, and leaves the terminal as it was',
  async (scope) => {
    const { folder, moveTo } = await growing(scope)
    const terminal = Terminal.start(scope, ['top', '--interval', '300ms', '--state', folder])
    const first = await terminal.shows(/[1-9]\d* new\/s[\s\S]*q quits/)
    assert.match(first, 'node2 directs web, term 9')
    assert.match(terminal.written, '\u001b[?1049h')
    moveTo('node3')
    await terminal.shows(/node3 directs web, term 9/)
    await terminal.resize(12, 50)
    const small = await terminal.shows(/^(?:[^\n]{0,50}\n){11}q quits/)
    assert.ok(
      small.split('\n').every((line) => line.trimEnd().length <= 50),
      small,
    )
    terminal.type('q')
    assert.is(await terminal.ended, 0)
    assert.match(terminal.written.split('\u001b[?25h\u001b[?1049l')[1] ?? '', /left 0/)
    assert.match(terminal.settings, /[^-]icanon[\s\S]*[^-]echo /)
  },
  NEEDS,
)

test(
  'Ctrl-C ends it in order as well, and without colour there is none',
  async (scope) => {
    const { folder } = await growing(scope)
    const terminal = Terminal.start(scope, ['top', '--state', folder], { NO_COLOR: '1' })
    await terminal.shows(/q quits/)
    terminal.type('\u0003')
    assert.is(await terminal.ended, 0)
    assert.match(terminal.written, '\u001b[?1049l')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how codes begin
    assert.not.match(terminal.written, /\u001b\[\d*m/)
  },
  NEEDS,
)

test(
  'a node that is not there is part of the picture, and so is one that comes back',
  async (scope) => {
    const { folder } = await growing(scope)
    const terminal = Terminal.start(scope, ['top', '--interval', '300ms', '--state', `${folder}/none`])
    await terminal.shows(/no node|does not run|not running/i)
    terminal.type('q')
    assert.is(await terminal.ended, 0)
  },
  NEEDS,
)

test('once, as text and as JSON, with rates', async (scope) => {
  const { folder } = await growing(scope)
  const once = await baton(['top', '--once', '--interval', '300ms', '--state', folder])
  assert.equal([once.exit, once.stderr], [0, ''])
  assert.match(once.stdout, /\d+ new\/s/)
  assert.not.match(once.stdout, '\u001b')
  const { exit, stdout } = await baton(['top', '--json', '--interval', '200ms', '--state', folder])
  const answer = JSON.parse(stdout)
  assert.is(exit, 0)
  assert.ok(answer.rates.accepted > 100 && answer.rates.accepted <= 500, String(answer.rates.accepted))
  assert.equal([answer.status.node.name, answer.events.length], [healthy.node.name, 1])
  const wrong = await baton(['top', '--interval', '1', '--state', folder])
  assert.equal([wrong.exit, /--interval '1'/.test(wrong.stderr)], [2, true])
})

test('rates: none at first nor over a restart, and never below nothing', () => {
  const { counters } = healthy
  const look = { at: 1_000, boot: 1, counters }
  assert.is(ratesBetween(undefined, look), undefined)
  assert.is(ratesBetween(look, { ...look, at: 2_000, boot: 2 }), undefined)
  const later = { at: 3_000, boot: 1, counters: { ...counters, accepted: counters.accepted + 10, bytesUp: 0 } }
  const rates = ratesBetween(look, later)
  assert.equal([rates?.accepted, rates?.bytesUp], [5, 0])
})

test('bars are as high as their share of the highest', () => {
  assert.is(sparkOf([0, 7, 14], 10), '▁▅█')
  assert.is(sparkOf([1, 2, 3, 4], 2), '▆█')
  assert.equal([sparkOf([], 9), sparkOf([0, 0], 9)], ['', ''])
})

test.run()
