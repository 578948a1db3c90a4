/** Services as a file that `baton service import` and `baton up --config` read. */
import { Document } from 'yaml'
import type { ServiceDefinitionView, ServiceView } from '../node/control/control-protocol.js'
import { assignmentWords } from './assignment-words.js'
import { fieldOf, SERVICE_FLAGS, wordOf } from './service-words.js'

/** By name, and the fields of each in the order of the command line: two exports of equal services are equal. */
export interface ServicesDocument {
  readonly services: Readonly<Record<string, ServiceWords>>
}

type Words = Readonly<Record<string, string | number>>
/** `nodes`: only those of which something was said. */
export type ServiceWords = Words | (Words & { readonly nodes: Readonly<Record<string, Words>> })

export function servicesDocument(services: readonly Pick<ServiceView, 'definition' | 'choice'>[]): ServicesDocument {
  const byName = [...services].sort((a, b) => (a.definition.name < b.definition.name ? -1 : 1))
  return { services: Object.fromEntries(byName.map((service) => [service.definition.name, allWordsOf(service)])) }
}

export function renderServicesFile(document: ServicesDocument): string {
  return new Document(document).toString({ lineWidth: 0 })
}

function allWordsOf({ definition, choice }: Pick<ServiceView, 'definition' | 'choice'>): ServiceWords {
  const words = wordsOf(definition)
  if (choice.assignments.length === 0) return words
  const nodes = choice.assignments.map((assignment) => [assignment.name, assignmentWords(assignment)] as const)
  return Object.assign(words, { nodes: Object.fromEntries(nodes) })
}

function wordsOf(definition: ServiceDefinitionView): Record<string, string | number> {
  // A field that this node's release does not have yet.
  const known = SERVICE_FLAGS.filter((flag) => definition[fieldOf(flag)] !== undefined)
  return Object.fromEntries(known.map((flag) => [flag, plain(wordOf(fieldOf(flag), definition[fieldOf(flag)]))]))
}

/** A number needs no quotes. */
function plain(word: string): string | number {
  return /^(0|[1-9]\d{0,8})$/.test(word) ? Number(word) : word
}
