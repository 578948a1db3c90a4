import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { ReservedPorts } from '../../../src/node/addresses/reserved-ports.io.js'
import { assert, type Scope, suite } from '../../harness/suite.js'

const test = suite('node/addresses/reserved-ports', 10_000)

function room(scope: Scope, before: string) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-reserved-'))
  scope.defer(() => rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'ports')
  writeFileSync(file, before)
  const [warnings, logged]: [Map<string, string>, string[]] = [new Map(), []]
  const logger = { log: (_level: string, event: string) => void logged.push(event) }
  const ports = new ReservedPorts(logger, warnings, file)
  return { ports, file, warnings, logged, read: () => readFileSync(file, 'utf8').trim() }
}

test('ours are added to what others have reserved, and taken away again', (scope) => {
  const { ports, read } = room(scope, '53,8000-8002\n')
  ports.follow([8080, 8002, 8081])
  assert.is(read(), '53,8000-8002,8080-8081')
  ports.follow([8081])
  assert.is(read(), '53,8000-8002,8081')
  ports.follow([])
  assert.is(read(), '53,8000-8002', '8002 was others’ before')
})

test('nothing wanted: the file is not touched', (scope) => {
  const { ports, file, logged } = room(scope, '53\n')
  rmSync(file)
  ports.follow([])
  assert.equal(logged, [])
  writeFileSync(file, '')
})

test('where it cannot be written, that is a warning with a way out, said once, until it can', (scope) => {
  const { ports, file, warnings, logged } = room(scope, '')
  rmSync(file)
  ports.follow([80])
  ports.follow([80])
  assert.match(warnings.get('reserved-ports') ?? '', /not reserved on this host \(ENOENT\).*CAP_NET_ADMIN/)
  assert.equal(logged, ['ports-not-reserved'])
  writeFileSync(file, '')
  ports.follow([80])
  assert.is(warnings.size, 0)
})

test(
  'the kernel takes it as it is written, and nothing as well',
  () => {
    const source = new URL('../../../src/node/addresses/reserved-ports.io.ts', import.meta.url).href
    const script = `
      import { readFileSync } from 'node:fs'
      const { ReservedPorts } = await import('${source}')
      const ports = new ReservedPorts({ log: () => {} }, new Map())
      for (const wanted of [[8080, 8081, 9000], [9000], []]) {
        ports.follow(wanted)
        console.log('=' + readFileSync('/proc/sys/net/ipv4/ip_local_reserved_ports', 'utf8').trim())
      }`
    const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', script]
    const { stdout, stderr } = spawnSync('unshare', ['-n', ...node], { encoding: 'utf8' })
    assert.is(stdout, '=8080-8081,9000\n=9000\n=\n', stderr)
  },
  { needs: ['unshare'], root: true },
)

test.run()
