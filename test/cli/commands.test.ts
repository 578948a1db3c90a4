import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { plain } from '../../src/cli/colour.js'
import { renderStatus } from '../../src/cli/status-view.js'
import { formatClusterKey } from '../../src/trunk/cluster-key.js'
import { parseToken } from '../../src/trunk/join-token.js'
import { assert, suite } from '../harness/suite.js'
import { baton } from './baton.js'
import { startFakeNode, tempFolder } from './fake-node.js'
import { FAULTY_FILE, healthy, splices, web, why } from './views.js'

const EXPORTED = `services:
  web:
    address: 127.0.0.100
    ports: 8080
    own: tun
    hook: none
    interface: none
    hide: none
    reserve: none
    outward: 0
    outward-to: none
    out-alias: none
    proxy-protocol: v2
    accept-proxy: none
    source: node
    scheduler: round-robin
    weighting: turns
    load: off
    slow-start: 0
    node-connections: 0
    queue: 1024
    queue-timeout: 5s
    sorry: none
    quorum: 0
    quorum-slack: 0
    quorum-hook: none
    on-unhealthy: keep
    on-removed: keep
    close-over: 10s
    close-idle: 5s
    local: equal
    connect-timeout: 3s
    idle-timeout: 0
    park: 0
    keepalive: 30s
    uploads: fast
    failback: off
    alone: none
    check: off
    check-from: node
    check-port: 0
    check-send: none
    check-expect: none
    check-path: /
    check-status: 200-399
    check-command: none
    check-interval: 2s
    check-timeout: 1s
    check-rise: 2
    check-fall: 3
    passive-limit: 0
    passive-decay: 10s
    mode: multi
    program: none
    start-timeout: 1m
    stop-timeout: 10s
    hold: 3s
    restart-attempts: 1
    failure-threshold: 3
    failure-interval: 5m
    hosting: none
    placement: balanced
    requires: none
`

const test = suite('cli/commands', 15_000)

test('status prints the screen, and the same as JSON', async (scope) => {
  const { folder } = await startFakeNode(scope)
  const [text, json] = await Promise.all([
    baton(['status', '--state', folder]),
    baton(['status', '--state', folder, '--json']),
  ])
  assert.equal(text, { exit: 0, stdout: `${renderStatus(healthy, { width: 80, paint: plain })}\n`, stderr: '' })
  assert.equal([json.exit, JSON.parse(json.stdout), json.stderr], [0, healthy, ''])
})

test('the folder may come from the environment', async (scope) => {
  const { folder } = await startFakeNode(scope)
  const { exit, stdout } = await baton(['why', 'web', '--json'], '', { BATON_STATE: folder })
  assert.equal([exit, JSON.parse(stdout)], [0, why])
})

test('a service is added with what was typed, spans in milliseconds', async (scope) => {
  const { folder, asked } = await startFakeNode(scope)
  const flags = ['--address', '10.0.0.1', '--ports', '80,443', '--idle-timeout', '5m', '--connect-timeout', '500ms']
  const more = ['--proxy-protocol', 'v2', '--local', 'last', '--force']
  const { exit, stdout } = await baton(['service', 'add', 'db', ...flags, ...more, '--state', folder])
  assert.is(exit, 0)
  assert.match(stdout, /^added service db/)
  assert.match(stdout, 'note: no node listens on port 8080 yet')
  const fields = {
    address: '10.0.0.1',
    ports: '80,443',
    proxyProtocol: 'v2',
    local: 'last',
    connectMs: 500,
    idleMs: 300_000,
  }
  assert.equal(asked, [{ name: 'db', write: { mode: 'create', fields, force: true } }])
})

test('what a node does for a service is said field by field', async (scope) => {
  const { folder, asked } = await startFakeNode(scope)
  const said = await baton(['service', 'node', 'web', 'node2', '--weight', '3', '--direct', 'no', '--state', folder])
  assert.equal(said, {
    exit: 0,
    stdout: 'web on node2: serves with priority 1 and weight 3, never directs\n  note: a note\n',
    stderr: '',
  })
  assert.equal(asked, [{ name: 'web', node: 'node2', write: { fields: { direct: 'no', weight: '3' } } }])
  const nothing = await baton(['service', 'node', 'web', 'node2', '--state', folder])
  assert.is(nothing.exit, 2)
  assert.match(nothing.stderr, 'nothing to change is named')
})

test('services of a TruCluster: what they become is told, and what they cannot', async (scope) => {
  const { folder, asked } = await startFakeNode(scope)
  const file = path.join(folder, 'clua_services')
  writeFileSync(file, 'telnet 23/tcp in_multi\ndomain 53/udp in_multi\n')
  const clua = (...flags: string[]) => baton(['service', 'import', ...flags, '--state', folder])
  const [done, nowhere, twice, none] = await Promise.all([
    clua('--clua', file, '--address', '10.0.0.9'),
    clua('--clua', file),
    clua('--clua', file, '--address', '10.0.0.9', 'other.yaml'),
    clua(),
  ])
  assert.is(done.exit, 0, done.stderr)
  assert.match(done.stdout, 'note: domain 53/udp: left out, Baton carries TCP alone')
  const left = { hide: 'none', reserve: 'none', outAlias: 'none' }
  const fields = { address: '10.0.0.9', ports: '23', mode: 'multi', scheduler: 'weighted', ...left }
  assert.equal(asked, [{ services: [{ name: 'telnet', fields }], prune: false, dryRun: false, force: false }])
  assert.equal(
    [nowhere, twice, none].map(({ exit }) => exit),
    [2, 2, 2],
  )
  assert.match(nowhere.stderr, 'the address of the alias is not named')
  assert.match(none.stderr, 'no file is named')
  writeFileSync(file, 'telnet 23/tcp in_mutli\n')
  const wrong = await clua('--clua', file, '--address', '10.0.0.9')
  assert.is(wrong.exit, 2)
  assert.match(wrong.stderr.replaceAll(/\s+/g, ' '), 'there is no attribute in_mutli; did you mean in_multi?')
})

test('a service is set field by field', async (scope) => {
  const { folder, asked } = await startFakeNode(scope)
  const { exit } = await baton(['service', 'set', 'web', '--idle-timeout', '0', '--state', folder])
  assert.equal([exit, asked], [0, [{ name: 'web', write: { mode: 'set', fields: { idleMs: 0 } } }]])
  const nothing = await baton(['service', 'set', 'web', '--state', folder])
  assert.is(nothing.exit, 2)
})

test('list, show, rm and splices ask what they should', async (scope) => {
  const { folder, asked } = await startFakeNode(scope)
  const at = ['--state', folder, '--json']
  const [list, show, rm, all] = await Promise.all([
    baton(['service', 'list', ...at]),
    baton(['service', 'show', 'web', ...at]),
    baton(['service', 'rm', 'web', ...at]),
    baton(['splices', '--service', 'web', '--limit', '3', ...at]),
  ])
  assert.equal(JSON.parse(list.stdout), [web])
  assert.equal(JSON.parse(show.stdout), web)
  assert.equal(JSON.parse(rm.stdout), { removed: 'web' })
  assert.equal(JSON.parse(all.stdout), splices)
  assert.equal(asked, [{ service: 'web', limit: 3 }])
})

test('services are exported in an order that does not change, and the file changes nothing', async (scope) => {
  const { folder, asked } = await startFakeNode(scope)
  const file = path.join(folder, 'services.yaml')
  const [text, json, written] = await Promise.all([
    baton(['service', 'export', '--state', folder]),
    baton(['service', 'export', '--state', folder, '--json']),
    baton(['service', 'export', '--state', folder, '--file', file]),
  ])
  assert.is(text.stdout, EXPORTED)
  assert.is(readFileSync(file, 'utf8'), EXPORTED)
  assert.match(written.stdout, /^wrote 1 service to /)
  assert.equal(JSON.parse(json.stdout).services.web.ports, 8080)
  const again = await baton(['service', 'import', file, '--state', folder])
  assert.equal(again, { exit: 0, stdout: 'unchanged  web\n1 service: 1 unchanged.\n', stderr: '' })
  assert.is(asked.length, 1)
})

test('an import says what changes; the node hears what was typed', async (scope) => {
  const { folder, asked } = await startFakeNode(scope)
  const text =
    'services: {web: {address: 127.0.0.100, ports: "8080,8443", idle-timeout: 5m}, db: {address: 10.0.0.1, ports: 1}}'
  const flags = ['--dry-run', '--prune', '--force', '--state', folder]
  const dry = await baton(['service', 'import', '-', ...flags], text)
  assert.is(dry.exit, 0, dry.stderr)
  assert.match(dry.stdout, /to change {2}web {2}ports +8080 → 8080,8443\n +idle-timeout +0 → 5m\nto add {5}db/)
  assert.match(dry.stdout, 'Nothing was written')
  const json = await baton(['service', 'import', '-', '--json', '--state', folder], text)
  assert.equal([json.exit, JSON.parse(json.stdout).applied], [0, true])
  const services = [
    { name: 'web', fields: { address: '127.0.0.100', ports: '8080,8443', idleMs: 300_000 } },
    { name: 'db', fields: { address: '10.0.0.1', ports: '1' } },
  ]
  assert.equal(asked, [
    { services, prune: true, dryRun: true, force: true },
    { services, prune: false, dryRun: false, force: false },
  ])
})

test('a file with problems is told with all of them, asks no node, and has exit code 2; what the node minds has 5', async (scope) => {
  const { folder, asked } = await startFakeNode(scope)
  const at = ['--state', folder]
  const [check, json, text, clash, none, missing] = await Promise.all([
    baton(['config', 'check', '-'], FAULTY_FILE),
    baton(['config', 'check', '-', '--json'], FAULTY_FILE),
    baton(['service', 'import', '-', ...at], FAULTY_FILE),
    baton(['service', 'import', '-', ...at, '--json'], 'services:\n  db:\n    address: 127.0.0.100\n    ports: 8080\n'),
    baton(['service', 'import', '-', '--prune', ...at], 'profile: lan\n'),
    baton(['up', '--config', '/nonexistent/file']),
  ])
  assert.equal([check.exit, check.stdout, json.exit, text.exit], [2, '', 2, 2])
  assert.is(text.stderr, check.stderr)
  assert.equal(JSON.parse(json.stdout).problems[0], {
    line: 1,
    column: 1,
    problem: "there is no 'bnd' here",
    hint: 'did you mean bind?',
  })
  assert.is(clash.exit, 5)
  assert.match(
    JSON.parse(clash.stdout).message,
    '-:4:12: db: ports 8080 at 127.0.0.100: port 8080 belongs to service web',
  )
  assert.is(asked.length, 1)
  assert.equal([none.exit, missing.exit], [2, 1])
  assert.match(none.stderr, 'names no services')
})

test('a good file is in order', async () => {
  const [text, json] = await Promise.all([
    baton(['config', 'check', '-'], EXPORTED),
    baton(['config', 'check', '-', '--json'], 'profile: lan\n'),
  ])
  assert.equal(text, { exit: 0, stdout: 'in order  -: 0 node settings, 1 service\n', stderr: '' })
  assert.equal(JSON.parse(json.stdout), { file: '-', settings: ['profile'], services: [] })
})

test('a failure goes to standard error, as JSON to standard output; the exit code says which kind', async (scope) => {
  const { folder } = await startFakeNode(scope)
  const [text, json, exists] = await Promise.all([
    baton(['why', 'nope', '--state', folder]),
    baton(['why', 'nope', '--state', folder, '--json']),
    baton(['service', 'add', 'web', '--address', '10.0.0.1', '--ports', '1', '--state', folder]),
  ])
  assert.equal(text, { exit: 4, stdout: '', stderr: 'Error: there is no service nope\nTry:   services are: web\n' })
  const view = { code: 'ERR_SERVICE_UNKNOWN', message: 'there is no service nope', hint: 'services are: web' }
  assert.equal([json.exit, JSON.parse(json.stdout), json.stderr], [4, view, ''])
  assert.is(exists.exit, 5)
})

test('without a node the exit code is 3', async (scope) => {
  const { exit, stderr } = await baton(['status', '--state', tempFolder(scope)])
  assert.is(exit, 3)
  assert.match(stderr, 'baton init')
})

test(
  'a mistyped command, flag or value says what was meant, with exit code 2',
  async () => {
    const cases: [string[], string][] = [
      [['statsu'], 'baton status'],
      [['service', 'ad', 'web'], 'baton service add'],
      [['frobnicate'], 'baton --help'],
      [['status', '--wach'], '--watch'],
      [['status', 'extra'], 'baton status --help'],
      [['why'], 'SERVICE is missing'],
      [['service', 'add', 'web', '--ports', '80'], '--address is missing'],
      [['service', 'set', 'web', '--idle-timeout', '5'], '500ms, 3s'],
      [['splices', '--limit', '0'], '--limit: expected'],
      [['up', '--bind', 'x', '--data-port', '0'], '--bind x is no IP address'],
      [['up', '--seed', 'a:b'], '--seed'],
      [['init', '--join', 'a', '--key-file', 'b'], 'exclude each other'],
    ]
    const ran = await Promise.all(cases.map(([args]) => baton(args)))
    for (const [i, { exit, stdout, stderr }] of ran.entries()) {
      const [args, words] = cases[i] ?? [[], '']
      assert.equal([exit, stdout], [2, ''], args.join(' '))
      assert.match(stderr, /^Error: /, args.join(' '))
      assert.ok(stderr.includes(words), `${args.join(' ')}: ${stderr}`)
    }
  },
  { limitMs: 60_000 },
)

test('alone it says how to begin; help and version have their short forms', async () => {
  const [alone, help, h, version] = await Promise.all([
    baton([]),
    baton(['help', 'status']),
    baton(['status', '-h']),
    baton(['-v']),
  ])
  assert.match(alone.stdout, 'baton init')
  assert.match(help.stdout, 'EXAMPLES')
  assert.is(h.stdout, help.stdout)
  assert.match(version.stdout, /^baton\/\d/)
  for (const { exit } of [alone, help, h, version]) assert.is(exit, 0)
})

test(
  'every command has help with an example',
  async () => {
    const names = ['init', 'up', 'status', 'splices', 'why', 'demo']
    const services = ['add', 'set', 'rm', 'list', 'show', 'export', 'import'].map((name) => `service ${name}`)
    for (const name of [...names, ...services, 'config check']) {
      const { exit, stdout } = await baton([...name.split(' '), '--help'])
      assert.is(exit, 0, name)
      for (const part of ['USAGE', 'EXAMPLES', '--state', '--json'])
        assert.ok(stdout.includes(part), `${name}: ${part}`)
    }
  },
  { limitMs: 60_000 },
)

test('init founds; the line it prints holds the key by which another node joins', async (scope) => {
  const base = tempFolder(scope)
  const [one, two, three] = ['1', '2', '3'].map((name) => path.join(base, name)) as [string, string, string]
  const founded = await baton(['init', '--name', 'node1', '--state', one, '--bootstrap', '10.0.0.1'])
  assert.is(founded.exit, 0)
  const token = /echo (baton-token-1-\S+) \| baton up --token -/.exec(founded.stdout)?.[1] ?? ''
  const key = readFileSync(path.join(one, 'cluster.key'), 'utf8').trim()
  const parsed = parseToken(token)
  assert.is(parsed.type === 'token' ? formatClusterKey(parsed.token.key) : parsed.why, key)
  assert.equal(parsed.type === 'token' && parsed.token.bootstraps, ['10.0.0.1:49737'])
  const slip = await baton(['up', '--state', two, '--token', '-'], `${token.slice(0, -3)}${token.slice(-2)}\n`)
  assert.equal([slip.exit, existsSync(two)], [2, false])
  assert.match(slip.stderr, 'its checksum is wrong')
  const wrongPlace = await baton(['init', '--state', two, '--key-file', '-'], `${token}\n`)
  assert.match(wrongPlace.stderr, 'give it to `baton up --token -`')

  const joined = await baton(['init', '--name', 'node2', '--state', two, '--key-file', '-', '--json'], `${key}\n`)
  assert.is(joined.exit, 0)
  assert.equal([JSON.parse(joined.stdout).founded, JSON.parse(joined.stdout).name], [false, 'node2'])
  assert.not.ok(joined.stdout.includes(key))
  assert.is(readFileSync(path.join(two, 'cluster.key'), 'utf8'), `${key}\n`)

  const listed = await baton(['init', '--name', 'node3', '--state', three, '--join', key])
  assert.is(listed.exit, 0)
  assert.match(listed.stderr, 'list of processes')

  const again = await baton(['init', '--state', one])
  assert.is(again.exit, 5)
  assert.match(again.stderr, 'already belongs to node node1')
})

test('init with a bad key makes nothing', async (scope) => {
  const folder = path.join(tempFolder(scope), 'a')
  const file = path.join(path.dirname(folder), 'key')
  writeFileSync(file, 'baton-key-1-oops\n')
  const [bad, missing, empty] = await Promise.all([
    baton(['init', '--state', folder, '--key-file', file]),
    baton(['init', '--state', folder, '--key-file', '/nonexistent/key']),
    baton(['init', '--state', folder, '--key-file', '-']),
  ])
  assert.equal([bad.exit, missing.exit, empty.exit], [2, 1, 2])
  assert.match(missing.stderr, '/nonexistent/key')
  assert.not.ok(existsSync(folder))
})

test.run()
