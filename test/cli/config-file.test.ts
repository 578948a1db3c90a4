import { Prng } from '../../src/base/prng.js'
import { parseConfigFile } from '../../src/cli/config-file.js'
import { bootstrapOf } from '../../src/cli/discovery-flags.js'
import { flagsOfFile } from '../../src/cli/node-settings.js'
import { renderServicesFile, servicesDocument } from '../../src/cli/services-file.js'
import { assert, suite } from '../harness/suite.js'
import { chosen } from './chosen-view.js'
import { definition, FAULTY_FILE, web } from './views.js'

const test = suite('cli/config-file')

const GOOD = `
bind: 10.0.0.1
seed: [10.0.0.2, host-3:7000]
gossip-port: 7000
priority: 5
log-level: warn
prune: true
services:
  web: &web
    address: 10.0.0.100
    ports: 80,443
    failback: on
  db:
    address: 2001:db8::1
    ports: 5432
    idle-timeout: 0
  empty: {}
`

test('settings and services are read as they would be typed', () => {
  const { settings, services, prune, problems } = parseConfigFile(GOOD.replace('  empty: {}\n', ''))
  assert.equal(problems, [])
  assert.equal(settings, {
    bind: ['10.0.0.1'],
    seed: ['10.0.0.2', 'host-3:7000'],
    'gossip-port': ['7000'],
    priority: ['5'],
    'log-level': ['warn'],
  })
  assert.is(prune, true)
  assert.equal(services, [
    { name: 'web', fields: { address: '10.0.0.100', ports: '80,443', failback: 'on' } },
    { name: 'db', fields: { address: '2001:db8::1', ports: '5432', idleMs: 0 } },
  ])
})

test('what was typed goes before the file', () => {
  const config = parseConfigFile(GOOD)
  const all = flagsOfFile(config, () => false)
  assert.equal(all, {
    bind: '10.0.0.1',
    'gossip-port': 7000,
    seed: ['10.0.0.2', 'host-3:7000'],
    priority: 5,
    'log-level': 'warn',
  })
  assert.equal(
    flagsOfFile(config, (flag) => flag !== 'priority'),
    { priority: 5 },
  )
})

test('ways of discovery and bootstrap nodes are lists, or texts with commas', () => {
  for (const text of [
    'discovery: [swarm, lan]\nbootstrap: [10.0.0.1, boot:5000]',
    'discovery: swarm,lan\nbootstrap: 10.0.0.1,boot:5000',
  ]) {
    const config = parseConfigFile(text)
    assert.equal(config.problems, [])
    const { discovery, bootstrap = [] } = flagsOfFile(config, () => false)
    assert.is(discovery, 'swarm,lan')
    assert.equal(bootstrapOf(bootstrap).bootstrap, [
      { host: '10.0.0.1', port: 49_737 },
      { host: 'boot', port: 5_000 },
    ])
  }
})

test('every problem has its place', () => {
  const cases: [text: string, place: string, problem: string][] = [
    ['bnd: 1', '1:1', "there is no 'bnd' here"],
    ['- 1', '1:1', 'must be names with values'],
    ['profile:', '1:9', 'profile has no value'],
    ['profile: [lan]', '1:10', 'profile must be a single value'],
    ['\nbind: x', '2:7', 'bind x is no IP address'],
    ['seed:\n  - 10.0.0.1\n  - "a b"', '3:5', 'is no host with a port'],
    ['discovery: [lan, wlan]', '1:18', "discovery 'wlan' is no way to find members"],
    ['discovery: swarm\nbootstrap: [10.0.0.1, "fd00::1"]', '2:23', "bootstrap 'fd00::1' is an IPv6 address"],
    ['bootstrap: 10.0.0.1', '1:12', 'bootstrap is for discovery by swarm alone'],
    ['control-port: 7441', '1:15', 'data-port 7441 is the control port as well'],
    ['control-port: 0x10', '1:15', "'0x10' is no whole number"],
    ['priority: 256', '1:11', 'give 0 to 255'],
    ['prune: true', '1:1', 'would remove them all'],
    ['services: web', '1:11', 'must be names with values'],
    ['services:\n  web:\n    address: 10.0.0.1', '2:3', 'web: ports is missing'],
    ['services:\n  web:\n    address:\n    ports: 80', '3:13', 'address has no value'],
    ['services: {web: {address: 10.0.0.1, ports: 80, idle-timeout: 5}}', '1:62', '5 is no span of time'],
    ['services: {web: {address: 10.0.0.1, ports: 80, failback: false}}', '1:58', "'false' is not possible"],
    ['services: {a: {address: 10.0.0.1, ports: 80}, b: {address: 10.0.0.1, ports: 70-80}}', '1:77', 'service a'],
    ['bind: 10.0.0.1\nbind: 10.0.0.2', '2:1', 'stands here twice'],
    ['a: [', '1:5', 'this is no YAML'],
    ['? [a]\n: b', '1:3', 'a name must be a single word'],
    ['bind: *nowhere', '1:7', 'bind must be a single value'],
    ['---\n---\n', '2:1', 'a second document'],
  ]
  for (const [text, place, words] of cases) {
    const { problems } = parseConfigFile(text)
    const found = problems.find(({ problem }) => problem.includes(words))
    assert.is(`${found?.line}:${found?.column}`, place, `${text}: ${JSON.stringify(problems)}`)
  }
})

test('more services than a node can write in one turn are refused', () => {
  const services = Array.from({ length: 1_025 }, (_, i) => `  s${i}: { address: 10.${i >> 8}.${i & 255}.1, ports: 80 }`)
  const [problem, ...others] = parseConfigFile(['services:', ...services].join('\n')).problems
  assert.match(problem?.problem ?? '', '1025 services are declared, at most 1024')
  assert.equal(others, [])
  assert.equal(parseConfigFile(['services:', ...services.slice(1)].join('\n')).problems, [])
})

test('one mistake is told once', () => {
  for (const text of [
    'bind:',
    'priority: x',
    'services: [web]',
    'services: {web: 8080}',
    'services: {web: {address: 10.0.0.1, ports: }}',
    'services: {web: {ports: 1, address: x}}',
  ]) {
    assert.is(parseConfigFile(text).problems.length, 1, text)
  }
})

/** As a file has it: only spans are numbers. */
function typed(field: string, value: string | number): string | number {
  return value === '' ? 'none' : field.endsWith('Ms') ? value : String(value)
}

test('an export is read back as it was', () => {
  const odd = {
    ...definition,
    name: 'on',
    address: '2001:db8::1',
    ports: '80,443,7000-7010',
    idleMs: 90_500,
    alone: '007',
  }
  const { services, problems } = parseConfigFile(
    renderServicesFile(
      servicesDocument([
        { ...web, definition },
        { ...chosen, definition: odd },
      ]),
    ),
  )
  assert.equal(problems, [])
  const declared = [odd, definition].map(({ name, ...fields }) => ({
    name,
    fields: Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, typed(field, value)])),
  }))
  const ordinary = { serve: 'yes', direct: 'yes', priority: '1', weight: '1', routerPriority: 'own' }
  const nodes = {
    node1: { ...ordinary, direct: 'no', weight: '3' },
    node3: { ...ordinary, serve: 'no', routerPriority: '200' },
  }
  assert.equal(services, [{ ...declared[0], nodes }, declared[1]])
})

test('what nodes do for a service is judged with the rest', () => {
  const text =
    'services:\n  web:\n    address: 10.0.0.1\n    ports: 80\n    nodes:\n      b: {weight: -1}\n      c: {wait: 3}\n      d: 7\n'
  const { problems } = parseConfigFile(text)
  assert.equal(
    problems.map(({ line, problem }) => `${line} ${problem}`),
    ["5 web: nodes b: weight '-1' is not possible", "7 there is no 'wait' here", '8 d must be names with values'],
  )
})

test(
  'no text makes the reader throw, and a broken file is never in order',
  () => {
    const random = new Prng(Number(process.env['SEED'] ?? 1))
    const alphabet = [...':-[]{}&*!|>\'"%@`#?,\n\t \u0000\ufeffa1', '<<', ': ', '\n  ']
    for (let i = 0; i < 1_500; i++) {
      const letters = [...(i % 2 === 0 ? GOOD : FAULTY_FILE)]
      for (let slips = 0; slips <= random.below(6); slips++) {
        letters.splice(random.below(letters.length), random.below(4), alphabet[random.below(alphabet.length)] ?? '')
      }
      for (const { line, column } of parseConfigFile(letters.join('')).problems) assert.ok(line >= 1 && column >= 1)
    }
    assert.ok(parseConfigFile(FAULTY_FILE).problems.length > 10)
  },
  { limitMs: 20_000 },
)

test.run()
