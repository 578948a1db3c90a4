/** The names of events in the code and in docs/events.md are the same. */
import { readdirSync, readFileSync } from 'node:fs'
import { assert, suite } from '../harness/suite.js'

const test = suite('node/events')
const SOURCE = new URL('../../src/', import.meta.url)
const PAGE = readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8')
/** Files that hand on what others have named. */
const HANDING_ON = [
  'node/seeing/event-tape.ts',
  'lane/lane-context.ts',
  'node/seeing/election-log.ts',
  'node/lanes/lane-host.io.ts',
  'node/addresses/wire-host.io.ts',
  'wire/wire.io.ts',
]

const LEVEL = String.raw`(?:[\w.#?: ='"!]|\(\))+?`
const EVENT = "'([a-z]+(?:[.-][a-z]+)*)'"
const FORMS = [
  new RegExp(String.raw`[.#]log\( ?${LEVEL}, ?${EVENT}`, 'g'),
  new RegExp(String.raw`\blogFrom\( ?[\w.]+, ?${LEVEL}, ?${EVENT}`, 'g'),
  new RegExp(`type: 'log', level: ${LEVEL}, event: ${EVENT}`, 'g'),
  new RegExp(`#tell\\('(?:warn|error)', ?${EVENT}`, 'g'),
]
/** Any call that logs, as far as can be told from its look. */
const CALLS = /(?:logger|log)\.log\(|\blogFrom\(|type: 'log', level/g

function eventsIn(text: string): string[] {
  return FORMS.flatMap((form) => [...text.matchAll(form)].map(([, event]) => event ?? ''))
}

function sources(): { file: string; text: string }[] {
  const files = readdirSync(SOURCE, { recursive: true }).map(String)
  return files
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts') && !/^(cli|commands|lab)\//.test(file))
    .map((file) => ({ file, text: readFileSync(new URL(file, SOURCE), 'utf8').replace(/\s+/g, ' ') }))
}

test('each has its line in the page, and the page no others', () => {
  const inCode = new Set(sources().flatMap(({ text }) => eventsIn(text)))
  const rows = PAGE.split('\n').filter((line) => /^\| `/.test(line))
  const cells = rows.map((line) => line.split('|')[1] ?? '')
  const inPage = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, event]) => event ?? ''))
  assert.is(new Set(inPage).size, inPage.length, 'none twice')
  assert.equal(inPage.sort(), [...inCode].sort())
})

test('no call that logs is overlooked', () => {
  for (const { file, text } of sources()) {
    if (HANDING_ON.includes(file) || file === 'proxy/lane-protocol.ts' || file.endsWith('ports.ts')) continue
    const calls = [...text.matchAll(CALLS)].length
    const found = eventsIn(text).length
    assert.ok(found >= calls, `${file}: ${calls} calls, and ${found} names`)
  }
  assert.equal(eventsIn("logger.log(a ? 'warn' : 'info', 'one-two', {}) logFrom(this.context, level, 'three', {})"), [
    'one-two',
    'three',
  ])
})

test.run()
