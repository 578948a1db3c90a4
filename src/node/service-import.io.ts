/** Brings the services to what was declared: all of it as one write, or nothing where anything is wrong. */
import type { Clock } from '../base/clock.js'
import type { Registry } from '../gossip/registry.js'
import type { RegistryWrite } from '../gossip/sync.js'
import { fieldsOfService } from '../proxy/service-fields.js'
import type { ImportProblem, ImportRequest, ImportView } from './control-protocol.js'
import { probeLocalAddress } from './local-address.io.js'
import type { Node } from './node.io.js'
import { planServices, type ServicePlan } from './service-plan.js'
import { registryKey } from './services.js'

export async function importServices(
  node: Node,
  clock: Pick<Clock, 'wall'>,
  { services, prune, dryRun, force }: ImportRequest,
): Promise<ImportView> {
  const plan = () => planServices(services, node.knowledge.services, prune)
  // Asking the system takes turns of the event loop; what is decided and written has to be of one turn.
  const absent = force ? undefined : await absentAddresses(plan())
  const final = plan()
  const problems = [...final.problems, ...(absent === undefined ? [] : foreign(final, absent))]
  const writes = problems.length > 0 ? [] : writesOf(final, clock.wall())
  problems.push(...roomFor(writes, node.machines.registry))
  const applied = problems.length === 0 && !dryRun
  if (applied && writes.length > 0) node.write(writes)
  return { changes: final.changes, problems, applied }
}

/** Differences only: a write on another node at the same time keeps its own fields. */
function writesOf({ changes, outcome }: ServicePlan, wall: number): RegistryWrite[] {
  return changes.flatMap(({ service, change, fields }): RegistryWrite[] => {
    const name = registryKey(service)
    const after = outcome.get(service)
    if (change === 'removed') return [{ name, changes: undefined }]
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

/** An address of another host is a typing error more often than a plan. */
function foreign({ changes, outcome }: ServicePlan, absent: ReadonlyMap<string, string>): ImportProblem[] {
  return changes.flatMap(({ service, fields }) => {
    const address = outcome.get(service)?.address ?? ''
    const errno = fields.some(({ field }) => field === 'address') ? absent.get(address) : undefined
    if (errno === undefined) return []
    const hint = 'add it to an interface of every node that may direct, or say --force if only other nodes have it'
    return [{ service, field: 'address', problem: `${address} is not on this host (${errno})`, hint }]
  })
}

async function absentAddresses({ outcome }: ServicePlan): Promise<Map<string, string>> {
  const absent = new Map<string, string>()
  for (const address of new Set([...outcome.values()].map((service) => service.address))) {
    const errno = await probeLocalAddress(address)
    if (errno !== '') absent.set(address, errno)
  }
  return absent
}
