import { checkService, parseService, serviceFromFields } from '../../src/proxy/service-fields.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('proxy/service-outward')
const WEB = { name: 'web', address: '10.0.0.100', ports: '80' }

const fields = (more: Record<string, unknown>) => {
  const parsed = parseService({ ...WEB, ...more })
  if (parsed.type === 'problems') return parsed.problems.map(({ field }) => field)
  const { outward, outwardTo, outAlias } = parsed.service
  return [outward, outwardTo, outAlias]
}

test('off by default, and nowhere', () => {
  assert.equal(fields({}), [0, '', ''])
  assert.equal(fields({ outward: 'none', outwardTo: 'none', outAlias: 'none' }), [0, '', ''])
})

test('a port, rules and ports in one form', () => {
  assert.equal(fields({ outward: '1080', outwardTo: 'any:443, 10.0.0.0/8', outAlias: '26,25' }), [
    1_080,
    'any:443,10.0.0.0/8',
    '25-26',
  ])
  assert.equal(fields({ outAlias: 25, outwardTo: 'any' }), [0, 'any', '25'])
})

test('what cannot be is named', () => {
  assert.equal(fields({ outward: 70_000 }), ['outward'])
  assert.equal(fields({ outward: 1_080, outwardTo: 'example.org' }), ['outwardTo'])
  assert.equal(fields({ outAlias: 'smtp' }), ['outAlias'])
  assert.equal(fields({ outwardTo: 'any' }), ['outwardTo'], 'nobody could ask')
  assert.match(checkService({ ...WEB, outward: 1_080, outwardTo: 'x' })[0]?.hint ?? '', /10\.0\.0\.0\/8/)
})

test('rules of a newer release that cannot be read allow nothing; the service is served', () => {
  const read = serviceFromFields('web', { ...WEB, outward: 1_080, outwardTo: 'host:example.org', outAlias: 'x' })
  assert.is(read.type, 'service')
  if (read.type === 'service') assert.equal([read.service.outwardTo, read.service.outAlias], ['', ''])
})

test.run()
