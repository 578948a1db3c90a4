/** The fields of a service that say how its connections find nodes, as a person writes them and as the registry holds them. */
import { CHOOSING_DEFAULTS, CHOOSING_FIELDS, notesOnChoosing } from '../../src/proxy/choosing.js'
import type { Service } from '../../src/proxy/service.js'
import { checkService, fieldsOfService, parseService, serviceFromFields } from '../../src/proxy/service-fields.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('proxy/choosing')
const WEB = { name: 'web', address: '10.0.0.100', ports: '80,443' }
const ALL = {
  scheduler: 'weighted',
  weighting: 'smooth',
  load: 'on',
  slowStartMs: 30_000,
  nodeConnections: 100,
  queue: 0,
  queueMs: 1_500,
  sorry: '10.0.0.9:8080',
  quorum: 3,
  quorumSlack: 1,
  quorumHook: '/etc/baton/quorum',
  onUnhealthy: 'idle',
  onRemoved: 'all',
  closeOverMs: 0,
  closeIdleMs: 1_000,
} as const

function serviceOf(fields: Record<string, unknown>): Service {
  const parsed = parseService({ ...WEB, ...fields })
  if (parsed.type === 'problems') throw new Error(JSON.stringify(parsed.problems))
  return parsed.service
}

function wrong(fields: Record<string, unknown>): string[] {
  const problems = checkService({ ...WEB, ...fields })
  for (const { problem, hint } of problems) assert.ok(problem.length > 0 && hint.length > 0)
  return problems.map(({ field }) => field)
}

test('every field is read, also as a command line and a file write it, and comes back from the registry', () => {
  assert.equal(CHOOSING_FIELDS, Object.keys(ALL))
  const typed = Object.fromEntries(Object.entries(ALL).map(([field, value]) => [field, String(value)]))
  for (const fields of [ALL, typed]) {
    const service = serviceOf(fields)
    for (const field of CHOOSING_FIELDS) assert.is(service[field], ALL[field], field)
    const parsed = serviceFromFields('web', fieldsOfService(service))
    assert.equal(parsed.type === 'service' && parsed.service, service)
  }
})

test('a service of an earlier release has the defaults, and one of a later release what can be read', () => {
  const old = serviceFromFields('web', { address: '10.0.0.100', ports: '80' })
  const later = serviceFromFields('web', {
    address: '10.0.0.100',
    ports: '80',
    scheduler: 'least-busy',
    weighting: 'x',
    load: 'half',
    onUnhealthy: 'move',
    onRemoved: 'move',
    moods: 3,
  })
  for (const parsed of [old, later]) {
    if (parsed.type !== 'service') throw new Error(JSON.stringify(parsed.problems))
    for (const field of CHOOSING_FIELDS) assert.is(parsed.service[field], CHOOSING_DEFAULTS[field], field)
  }
})

test('wrong values are told with their field', () => {
  for (const nodeConnections of [-1, Number.NaN, 1e9, 1.5, '-1', 'NaN', 'many', true]) {
    assert.equal(wrong({ nodeConnections }), ['nodeConnections'], String(nodeConnections))
  }
  assert.equal(wrong({ queue: 65_537, queueMs: 0, slowStartMs: 10, closeIdleMs: 0 }), [
    'slowStartMs',
    'queue',
    'queueMs',
    'closeIdleMs',
  ])
  assert.equal(wrong({ scheduler: 'fastest', weighting: 'x', load: 1, onUnhealthy: 'x', onRemoved: '' }), [
    'scheduler',
    'weighting',
    'load',
    'onUnhealthy',
    'onRemoved',
  ])
  for (const sorry of ['10.0.0.9', 'host:80', '0.0.0.0:80', '10.0.0.9:0', '10.0.0.9:70000', 8080]) {
    assert.equal(wrong({ sorry }), ['sorry'], String(sorry))
  }
  for (const nothing of ['', 'none', null]) assert.is(serviceOf({ sorry: nothing }).sorry, '')
  assert.is(serviceOf({ sorry: '[2001:DB8::0:1]:80' }).sorry, '[2001:db8::1]:80')
})

test('what contradicts itself is told to a person, and the registry is served as it is', () => {
  const contradictions = [
    { quorum: 2, quorumSlack: 2 },
    { quorumHook: '/etc/baton/quorum' },
    { sorry: '10.0.0.100:443' },
  ]
  assert.equal(contradictions.map(wrong), [['quorumSlack'], ['quorumHook'], ['sorry']])
  for (const fields of contradictions) {
    assert.is(serviceFromFields('web', { address: '10.0.0.100', ports: '80,443', ...fields }).type, 'service')
  }
  assert.equal(wrong({ sorry: '10.0.0.100:8080' }), [], 'another port of the same address')
})

test('what has no effect is noted', () => {
  const settings = { ...CHOOSING_DEFAULTS, weighting: 'smooth', load: 'on', slowStartMs: 1_000 } as const
  const notes = (scheduler: 'maglev' | 'weighted' | 'round-robin') =>
    notesOnChoosing({ ...settings, scheduler, mode: 'multi' })
  assert.equal(
    notes('maglev').map((note) => note.split(' has no effect')[0]),
    ['weighting smooth', 'load on', 'slow-start'],
  )
  assert.equal([notes('weighted'), notes('round-robin').length], [[], 2])
  assert.equal(notesOnChoosing({ ...CHOOSING_DEFAULTS, mode: 'multi' }), [])
  assert.equal(notesOnChoosing({ ...CHOOSING_DEFAULTS, mode: 'single' }), [])
  assert.match(
    String(notesOnChoosing({ ...CHOOSING_DEFAULTS, scheduler: 'maglev', mode: 'single' })),
    'no effect with mode single',
  )
})

test.run()
