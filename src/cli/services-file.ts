/** Services as a file that `baton service import` and `baton up --config` read. */
import { Document } from 'yaml'
import type { ServiceDefinitionView } from '../node/control-protocol.js'
import { fieldOf, SERVICE_FLAGS, wordOf } from './service-words.js'

/** By name, and the fields of each in the order of the command line: two exports of equal services are equal. */
export interface ServicesDocument {
  readonly services: Readonly<Record<string, Readonly<Record<string, string | number>>>>
}

export function servicesDocument(definitions: readonly ServiceDefinitionView[]): ServicesDocument {
  const byName = [...definitions].sort((a, b) => (a.name < b.name ? -1 : 1))
  return { services: Object.fromEntries(byName.map((definition) => [definition.name, wordsOf(definition)])) }
}

export function renderServicesFile(document: ServicesDocument): string {
  return new Document(document).toString({ lineWidth: 0 })
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
