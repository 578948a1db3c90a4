import { fileURLToPath } from 'node:url'
import { Namespace } from '../../../src/lab/namespace.io.js'
import { assert, type Scope, suite } from '../../harness/suite.js'
import { skip } from './permitted.js'

const test = suite('kernel/bpf/rights', 20_000)
const NEEDS = { needs: ['unshare', 'nsenter', 'setpriv'] }
const isRoot = process.getuid?.() === 0
const OPENS = fileURLToPath(new URL('opens.ts', import.meta.url))

/** What an ordinary user with these capabilities is told, in a network namespace of its own. */
async function asUserWith(scope: Scope, ...capabilities: string[]): Promise<unknown> {
  const namespace = await Namespace.make()
  scope.defer(() => namespace.leave())
  const set = ['-all', ...capabilities.map((one) => `+${one}`)].join()
  const who = ['--reuid', '65534', '--regid', '65534', '--clear-groups']
  const what = ['--inh-caps', set, '--ambient-caps', set, '--bounding-set', set]
  return JSON.parse(await namespace.run('setpriv', ...who, ...what, process.execPath, '--import', 'tsx', OPENS))
}

test(
  'an ordinary user with CAP_BPF and CAP_NET_ADMIN may have both',
  async (scope) => {
    if (!isRoot) return skip('only root gives rights away')
    assert.equal(await asUserWith(scope, 'bpf', 'net_admin'), { anyPort: 'yes', leaseGate: 'tcx' })
  },
  NEEDS,
)

test(
  'one without is told what is lacking',
  async (scope) => {
    if (!isRoot) return skip('only root gives rights away')
    const why = 'the kernel would not make a map (EPERM): the process lacks CAP_BPF and CAP_NET_ADMIN'
    assert.equal(await asUserWith(scope), { anyPort: { why }, leaseGate: { why } })
  },
  NEEDS,
)

test(
  'root of a user namespace is told that this does not count',
  async (scope) => {
    if (!isRoot) return skip('only root gives rights away')
    const namespace = await Namespace.make()
    scope.defer(() => namespace.leave())
    const inside = ['unshare', '--user', '--map-root-user', '--net', process.execPath, '--import', 'tsx', OPENS]
    const said = JSON.parse(await namespace.run(...inside))
    const why = 'capabilities of a user namespace do not count for BPF'
    assert.match(said.anyPort.why, why)
    assert.match(said.leaseGate.why, why)
  },
  NEEDS,
)

test(
  'in a time namespace deadlines would be judged by another clock: no gate',
  async (scope) => {
    if (!isRoot) return skip('only root gives rights away')
    const namespace = await Namespace.make()
    scope.defer(() => namespace.leave())
    const inside = ['unshare', '--time', '--boottime', '100000', '--fork', process.execPath, '--import', 'tsx', OPENS]
    const said = JSON.parse(await namespace.run(...inside))
    assert.is(said.anyPort, 'yes')
    assert.match(said.leaseGate.why, 'by another clock')
  },
  NEEDS,
)

test.run()
