import { checkService, fieldsOfService, parseService, serviceFromFields } from '../../src/proxy/service-fields.js'
import { IDENTITY_DEFAULTS, NETWORKS_MAX, trustedNetworks } from '../../src/proxy/service-identity.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('proxy/service-identity')
const WEB = { name: 'web', address: '10.0.0.100', ports: '8080' }

function read(fields: Record<string, string>) {
  const parsed = parseService({ ...WEB, ...fields })
  if (parsed.type === 'problems') throw new Error(JSON.stringify(parsed.problems))
  return parsed.service
}

const problemsOf = (acceptProxy: string) => checkService({ ...WEB, acceptProxy }).map(({ problem }) => problem)

test('nobody is believed, nothing is told and nothing is changed unless it is said', () => {
  assert.equal(IDENTITY_DEFAULTS, { proxyProtocol: 'off', acceptProxy: '', source: 'node' })
  const { proxyProtocol, acceptProxy, source } = read({})
  assert.equal({ proxyProtocol, acceptProxy, source }, IDENTITY_DEFAULTS)
  assert.equal(trustedNetworks({ acceptProxy: '' }), [])
})

test('networks are kept in one form, each once, and none takes them back', () => {
  const service = read({ acceptProxy: '10.0.0.7, 2001:DB8::/32,10.0.0.7/32' })
  assert.is(service.acceptProxy, '10.0.0.7/32,2001:db8::/32')
  assert.equal(trustedNetworks(service), [
    { address: '10.0.0.7', prefix: 32 },
    { address: '2001:db8::', prefix: 32 },
  ])
  assert.is(read({ acceptProxy: 'none' }).acceptProxy, '')
  assert.is(serviceFromFields('web', fieldsOfService(service)).type, 'service')
})

test('a person hears what is wrong, and what was probably meant', () => {
  assert.match(problemsOf('10.1.2.3/8')[0] ?? '', /an address within 10\.0\.0\.0\/8/)
  assert.match(problemsOf('10.0.0.0/8,proxies')[0] ?? '', /'proxies' is no network/)
  assert.is(problemsOf(Array.from({ length: NETWORKS_MAX + 1 }, (_, i) => `10.0.0.${i}`).join()).length, 1)
  assert.is(checkService({ ...WEB, source: 'any' }).length, 1)
  assert.is(checkService({ ...WEB, proxyProtocol: 'v3' }).length, 1)
})

test('what a newer release has written and cannot be read here is a problem: whom to believe is not guessed', () => {
  const fields = { address: WEB.address, ports: '8080' }
  assert.is(serviceFromFields('web', { ...fields, acceptProxy: '10.0.0.0/8,tag:edge' }).type, 'problems')
  assert.is(serviceFromFields('web', { ...fields, source: 'pool' }).type, 'problems')
  assert.is(serviceFromFields('web', { ...fields, proxyProtocol: 'v3' }).type, 'problems')
})

test.run()
