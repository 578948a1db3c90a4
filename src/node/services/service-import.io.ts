/** Brings the services to what was declared: all of it as one write, or nothing where anything is wrong. */
import type { Clock } from '../../base/clock.js'
import type { NodeId } from '../../base/ids.js'
import type { Registry } from '../../gossip/registry.js'
import type { RegistryWrite } from '../../gossip/sync.js'
import type { Service } from '../../proxy/service.js'
import { fieldsOfService } from '../../proxy/service-fields.js'
import { type OddAddress, oddAddressOf } from '../addresses/odd-address.io.js'
import type { ImportProblem, ImportRequest, ImportView } from '../control/control-protocol.js'
import { nodeNamed } from '../control/node-names.js'
import { planNodes, withNodes } from '../discovery/declared-nodes.js'
import { drillKey } from '../moves/drill-record.js'
import type { Node } from '../node.io.js'
import { nodesThatMayDirect } from '../programs/assigning.io.js'
import { type Assignments, assignmentKey } from '../programs/assignments.js'
import { planServices, type ServicePlan } from './service-plan.js'
import { registryKey } from './services.js'

export async function importServices(
  node: Node,
  clock: Pick<Clock, 'wall'>,
  /** Addresses that this node itself has brought here. */
  brought: readonly string[],
  { services, prune, dryRun, force }: ImportRequest,
): Promise<ImportView> {
  const plan = () => planServices(services, node.knowledge.services, prune)
  // Asking the system takes turns of the event loop; what is decided and written has to be of one turn.
  const odd = force ? undefined : await oddAddresses(plan(), brought)
  const final = plan()
  const nodes = planNodes(
    services,
    node.knowledge.assignments,
    (name) => onlyNodeNamed(node, name),
    nodesThatMayDirect(node.knowledge.members),
  )
  const problems = [...final.problems, ...nodes.problems, ...(odd === undefined ? [] : oddities(final, odd))]
  const writes =
    problems.length > 0 ? [] : [...writesOf(final, node.knowledge.assignments, clock.wall()), ...nodes.writes]
  problems.push(...roomFor(writes, node.machines.registry))
  const applied = problems.length === 0 && !dryRun
  if (applied && writes.length > 0) node.write(writes)
  return { changes: withNodes(final.changes, nodes.changes), problems, applied }
}

function onlyNodeNamed({ knowledge }: Node, name: string): NodeId | undefined {
  try {
    return nodeNamed(
      name,
      knowledge.members.map(({ profile }) => profile),
    )
  } catch {
    return undefined
  }
}

/** Differences only: a write on another node at the same time keeps its own fields. */
function writesOf({ changes, outcome }: ServicePlan, assignments: Assignments, wall: number): RegistryWrite[] {
  return changes.flatMap(({ service, change, fields }): RegistryWrite[] => {
    const name = registryKey(service)
    const after = outcome.get(service)
    if (change === 'removed') {
      const assigned = assignments.nodesOf(service).map((node) => assignmentKey(service, node))
      return [name, drillKey(service), ...assigned].map((entry) => ({ name: entry, changes: undefined }))
    }
    if (after === undefined) return []
    if (change === 'added') return [{ name, changes: { ...fieldsOfService(after), createdAtMs: wall } }]
    if (change !== 'changed') return []
    return [
      { name, changes: Object.fromEntries(fields.map(({ field, to }): [string, string | number] => [field, to])) },
    ]
  })
}

function roomFor(writes: readonly RegistryWrite[], registry: Registry): ImportProblem[] {
  const written = writes.flatMap(({ name, changes }) => (changes === undefined ? [] : [[name, changes] as const]))
  const service = written.at(-1)?.[0].slice(registryKey('').length) ?? ''
  const hint = 'remove services that nobody needs'
  return registry.checkAll(written).map((problem) => ({ service, field: 'name', problem, hint }))
}

function oddities({ changes, outcome }: ServicePlan, odd: ReadonlyMap<string, OddAddress>): ImportProblem[] {
  return changes.flatMap(({ service, fields }) => {
    if (!fields.some(({ field }) => field === 'address' || field === 'own')) return []
    const after = outcome.get(service)
    const found = after === undefined ? undefined : odd.get(keyOf(after))
    if (after === undefined || found === undefined) return []
    return [{ service, field: 'address', problem: `${after.address} ${found.problem}`, hint: found.hint }]
  })
}

/** By address and how it comes to a host. */
async function oddAddresses({ outcome }: ServicePlan, brought: readonly string[]): Promise<Map<string, OddAddress>> {
  const odd = new Map<string, OddAddress>()
  for (const service of new Map([...outcome.values()].map((one) => [keyOf(one), one])).values()) {
    const found = await oddAddressOf(service, brought)
    if (found !== undefined) odd.set(keyOf(service), found)
  }
  return odd
}

function keyOf({ address, own }: Service): string {
  return `${own} ${address}`
}
