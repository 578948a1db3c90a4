/** Fields about programs as an operator may write them, and as two sides of a cut may have. */
import { checkService, fieldsOfService, parseService, serviceFromFields } from '../../src/proxy/service-fields.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('proxy/service-programs')
const WEB = { name: 'web', address: '10.0.0.1', ports: '80' }

function problems(fields: Record<string, unknown>): string[] {
  return checkService({ ...WEB, ...fields }).map(({ field, problem }) => `${field} ${problem}`)
}

test('counts and spans have limits: nothing below, beyond, broken, or no number', () => {
  for (const value of [-1, 0, 1.5, Number.NaN, 1e9, '1e3', 'many', '-1', null === undefined]) {
    assert.is(problems({ checkFall: value }).length, 1, `checkFall ${value}`)
    assert.is(problems({ checkRise: value }).length, 1, `checkRise ${value}`)
  }
  for (const value of [-1, 99, 1e9, Number.POSITIVE_INFINITY]) assert.is(problems({ checkEveryMs: value }).length, 1)
  for (const value of [-1, 65_536, Number.NaN]) assert.is(problems({ checkPort: value }).length, 1)
  for (const value of [-1, 101, Number.NaN]) {
    const single = { mode: 'single', program: '/x', restartAttempts: value, failureThreshold: value }
    assert.is(problems(single).length, 2, String(value))
  }
  assert.equal(problems({ passiveLimit: 0, checkPort: 0, checkFall: '3' }), [])
})

test('texts: programs by their full path, lists of names, escapes that mean something', () => {
  assert.equal(problems({ check: 'command', checkCommand: 'check.sh' }), [
    "checkCommand 'check.sh' is not possible",
    'checkCommand is missing',
  ])
  assert.is(problems({ check: 'send', checkSend: 'PING\\q' })[0], 'checkSend has a \\ that means nothing')
  assert.is(problems({ check: 'send', checkSend: 'tüt' }).length, 1)
  assert.is(problems({ check: 'http', checkStatus: '2xx' }).length, 1)
  assert.is(problems({ check: 'http', checkPath: 'health' }).length, 1)
  assert.is(problems({ mode: 'single', hosting: 'a,,b', placement: 'favoured' }).length, 2)
  assert.equal(problems({ check: 'send', checkSend: 'PING\\r\\n', checkExpect: '+PONG\\x0d' }), [])
})

test('what would silently not be done is told, with the way out', () => {
  assert.equal(problems({ check: 'command' }), ['checkCommand is missing'])
  assert.equal(problems({ checkCommand: '/x' }), ['checkCommand is not called'])
  assert.equal(problems({ check: 'tcp', checkExpect: 'x' }), ['checkExpect is not looked for'])
  assert.equal(problems({ checkFrom: 'director' }), ['checkFrom has nothing to check'])
  assert.equal(problems({ program: '/x', hosting: 'a', requires: 'db', placement: 'restricted' }).length, 4)
  assert.equal(problems({ mode: 'single', placement: 'restricted' }), ["placement 'restricted' needs nodes"])
  assert.equal(problems({ mode: 'single', requires: 'db,web' }), ['requires has web itself'])
  assert.equal(problems({ mode: 'single', quorum: 2 }), [
    'quorum 2 is never there: of mode single one node serves at a time',
  ])
  assert.equal(problems({ mode: 'single', quorum: 1 }), [])
})

test('two sides of a cut may have contradicted each other: the service is there all the same', () => {
  const read = (fields: Record<string, string>) => {
    const parsed = serviceFromFields('web', { address: '10.0.0.1', ports: '80', ...fields })
    return parsed.type === 'service' ? parsed.service : undefined
  }
  assert.is(read({ check: 'command' })?.check, 'off', 'nothing to call is no reason to take every program out')
  assert.is(read({ check: 'quic' })?.check, 'off')
  assert.is(read({ mode: 'single', placement: 'lunar' })?.placement, 'balanced')
  assert.is(read({ program: '/x' })?.mode, 'multi')
  assert.is(read({ mode: 'triple' }), undefined, 'on how many nodes it runs is not guessed')
})

test('all of it goes into the registry and comes back the same', () => {
  const parsed = parseService({
    ...WEB,
    check: 'http',
    checkRise: '4',
    mode: 'single',
    program: '/x',
    hosting: 'a,b',
    placement: 'favoured',
    requires: 'db',
  })
  if (parsed.type !== 'service') throw new Error(JSON.stringify(parsed.problems))
  const again = serviceFromFields('web', fieldsOfService(parsed.service))
  assert.equal(again.type === 'service' && again.service, parsed.service)
})

test.run()
