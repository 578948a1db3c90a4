/** What was written of a service and has no effect now, in sentences: it may have one later, so it is no mistake. */
import { notesOnChoosing } from '../../proxy/choosing.js'
import type { Service } from '../../proxy/service.js'
import { namesIn } from '../../proxy/service-hosting.js'
import type { Knowledge } from '../knowledge.js'

/** By what this node knows. */
export function notesHere(service: Service, { members, services }: Pick<Knowledge, 'members' | 'services'>): string[] {
  const { active, shadowed } = services
  const names = [...active, ...shadowed.map((one) => one.service), service].map(({ name }) => name)
  return notesOnService(
    service,
    members.map(({ profile }) => profile.name),
    names,
  )
}

/** `nodes`, `services`: the names of all that there are. */
export function notesOnService(service: Service, nodes: readonly string[], services: readonly string[]): string[] {
  const { hosting, alone, requires, quorum } = service
  const notes = notesOnChoosing(service)
  for (const [flag, names] of [
    ['hosting', hosting],
    ['alone', alone],
  ] as const) {
    const strange = namesIn(names).filter((name) => !nodes.includes(name))
    if (strange.length > 0) notes.push(`${flag} names ${strange.join(', ')}, and no node is called so yet`)
  }
  const missing = namesIn(requires).filter((name) => !services.includes(name))
  if (missing.length > 0)
    notes.push(`requires ${missing.join(', ')}, and there is no such service yet: it waits until then`)
  if (quorum > nodes.length) notes.push(`a quorum of ${quorum} is never there while there are ${nodes.length} nodes`)
  return notes
}
