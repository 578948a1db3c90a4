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
