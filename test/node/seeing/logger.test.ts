import { Writable } from 'node:stream'
import type { LogFields } from '../../../src/base/log.js'
import { StreamLogger } from '../../../src/node/seeing/logger.io.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('node/seeing/logger')

test('an event is one line of JSON', () => {
  const lines: string[] = []
  const out = new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk))) })
  new StreamLogger('json', 'info', out).log('warn', 'link-down', { peer: 'b', why: 'two\nlines' })
  const { at, ...rest } = JSON.parse(lines.join(''))
  assert.equal(rest, { level: 'warn', event: 'link-down', peer: 'b', why: 'two\nlines' })
  assert.ok(Number.isFinite(Date.parse(at)))
})

const HOSTILE = 'x\u001b[2J\u0007\u007f\u009b2J\u0085\u202e\u{e0041}'

function said(format: 'json' | 'pretty', fields: LogFields): string {
  const lines: string[] = []
  const out = new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk))) })
  new StreamLogger(format, 'debug', out).log('debug', 'splice-ended', fields)
  return lines.join('')
}

test('what others have named moves no cursor, in words or as JSON', () => {
  const fields: LogFields = { peer: HOSTILE, uniqueId: `a "b" ${HOSTILE}`, count: 3, isNew: true, [`k${HOSTILE}`]: 'v' }
  for (const format of ['json', 'pretty'] as const) {
    const text = said(format, fields)
    assert.not.match(text.slice(0, -1), /\p{C}/u, format)
    assert.ok(text.endsWith('\n'))
  }
  const { at: _, ...rest } = JSON.parse(said('json', fields))
  assert.equal(rest, { level: 'debug', event: 'splice-ended', ...fields })
  assert.match(said('pretty', { peer: HOSTILE, node: 'b' }), /peer=x\ufffd\[2J\ufffd+2J\ufffd+ node=b\n$/)
})

test('no field can take the place of the time, the level or the event', () => {
  // @ts-expect-error: the compiler refuses it, since in JSON the later one of two equal names wins.
  const fields: LogFields = { at: '192.0.2.1:7440' }
  assert.ok(fields)
})

test('a log that cannot be written ends nothing', async () => {
  const out = new Writable({ write: (_chunk, _encoding, done) => done(new Error('no space left on device')) })
  const logger = new StreamLogger('json', 'info', out)
  const closed = new Promise<void>((resolve) => void out.on('close', resolve))
  logger.log('info', 'one')
  await closed
  logger.log('info', 'two')
})

test.run()
