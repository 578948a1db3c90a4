/**
 * TruCluster's /etc/clua_services as services: lines like those of /etc/services, `NAME PORT/PROTOCOL ATTRIBUTES`, with the
 * attributes that clua_services(4) names. docs/trucluster.md says what each becomes, and why some become nothing.
 */
import { isPort } from '../base/address.js'
import type { DeclaredService, FileProblemView } from '../node/control/control-protocol.js'
import { nearest } from './nearest.js'

const ATTRIBUTES = ['in_multi', 'in_single', 'in_noalias', 'in_nolocal', 'out_alias', 'static'] as const
type Attribute = (typeof ATTRIBUTES)[number]

/** Pairs of which no line can have both. */
const CONTRADICTIONS: readonly (readonly [Attribute, Attribute, why: string])[] = [
  ['in_multi', 'in_single', 'one says that all nodes serve, the other that one does'],
  ['in_noalias', 'in_nolocal', 'nobody could reach the port'],
  ['in_noalias', 'in_multi', 'the port is not reached through the alias, so nothing is spread over nodes'],
  ['in_noalias', 'in_single', 'the port is not reached through the alias, so no node is chosen'],
]

const LINES_MAX = 10_000
/** As registries of services are filled: more in one file is another file. */
const SERVICES_MAX = 1_024

export interface CluaFile {
  readonly services: readonly DeclaredService[]
  /** What has no service, and what is not all that it says: in the order of the file. */
  readonly notes: readonly string[]
  readonly problems: readonly FileProblemView[]
  /** Where each service stands. */
  readonly lines: ReadonlyMap<string, number>
}

interface Entry {
  readonly line: number
  readonly name: string
  readonly port: number
  readonly attributes: ReadonlySet<Attribute>
}

/** `address`: of the cluster alias, which the file does not name. */
export function parseCluaFile(text: string, address: string): CluaFile {
  const reader = new CluaReader()
  const lines = text.split(/\r?\n/)
  if (lines.length > LINES_MAX) {
    reader.report(LINES_MAX, 1, `the file has ${lines.length} lines, at most ${LINES_MAX} are read`)
  }
  for (const [i, line] of lines.slice(0, LINES_MAX).entries()) reader.read(line, i + 1)
  return reader.finish(address)
}

class CluaReader {
  readonly #entries: Entry[] = []
  readonly #notes: string[] = []
  readonly #problems: FileProblemView[] = []
  readonly #ports = new Map<number, Entry>()

  report(line: number, column: number, problem: string, hint?: string): void {
    this.#problems.push(hint === undefined ? { line, column, problem } : { line, column, problem, hint })
  }

  read(text: string, line: number): void {
    const words = [...text.replace(/#.*/, '').matchAll(/[^\s,]+/g)]
    const [name, where, ...rest] = words
    if (name === undefined) return
    const column = (word: RegExpMatchArray | undefined) => (word?.index ?? 0) + 1
    const at = /^(\d{1,5})\/([a-z0-9]+)$/i.exec(where?.[0] ?? '')
    const port = Number(at?.[1])
    if (at === null || !isPort(port)) {
      const hint = 'write NAME PORT/PROTOCOL ATTRIBUTES, such as telnet 23/tcp in_multi'
      return this.report(line, column(where ?? name), `'${where?.[0] ?? name[0]}' is no port with a protocol`, hint)
    }
    const attributes = new Set<Attribute>()
    for (const word of rest) {
      const attribute = ATTRIBUTES.find((known) => known === word[0].toLowerCase())
      if (attribute !== undefined) attributes.add(attribute)
      // Names of the same service, as in /etc/services; but a slip in an attribute would change what clients see.
      else if (/^(in|out)_/i.test(word[0])) this.#unknown(line, column(word), word[0])
    }
    for (const [one, other, why] of CONTRADICTIONS) {
      if (attributes.has(one) && attributes.has(other)) {
        this.report(line, column(rest[0]), `${one} and ${other} contradict each other: ${why}`, 'leave one of them out')
      }
    }
    this.#add({ line, name: name[0], port, attributes }, (at[2] ?? '').toLowerCase())
  }

  finish(address: string): CluaFile {
    const lines = new Map<string, number>()
    const services = this.#entries.map((entry) => {
      const name = this.#nameOf(entry, lines)
      lines.set(name, entry.line)
      return { name, fields: fieldsOf(entry, address) }
    })
    if (services.length > SERVICES_MAX) {
      const problem = `${services.length} services, at most ${SERVICES_MAX} are read from one file`
      this.report(1, 1, problem, 'write several files')
    }
    return { services, notes: this.#notes, problems: this.#problems, lines }
  }

  #unknown(line: number, column: number, word: string): void {
    const meant = nearest(word, ATTRIBUTES)
    const hint = meant === undefined ? `possible are ${ATTRIBUTES.join(', ')}` : `did you mean ${meant}?`
    this.report(line, column, `there is no attribute ${word.slice(0, 80)}`, hint)
  }

  #add(entry: Entry, protocol: string): void {
    const { name, port, attributes } = entry
    const what = `${name} ${port}/${protocol}`
    if (protocol !== 'tcp') return this.#note(`${what}: left out, Baton carries TCP alone`)
    if (attributes.size === 0) return this.#note(`${what}: left out, it has no attribute and so was not registered`)
    if (attributes.has('in_noalias')) {
      return this.#note(
        `${what}: no service, since it is not reached through the alias (write ports any,!${port} elsewhere)`,
      )
    }
    const before = this.#ports.get(port)
    if (before !== undefined) {
      return this.report(entry.line, 1, `port ${port} is ${before.name}'s already, in line ${before.line}`)
    }
    this.#ports.set(port, entry)
    this.#entries.push(entry)
  }

  #note(note: string): void {
    this.#notes.push(note)
  }

  /** As names of services must be; the port tells apart what becomes the same. */
  #nameOf({ name, port }: Entry, taken: ReadonlyMap<string, number>): string {
    const plain = name
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, '-')
      .slice(0, 57)
      .replace(/^-+|-+$/g, '')
    const word = plain === '' ? 'port' : plain
    return taken.has(word) || plain === '' ? `${word}-${port}` : word
  }
}

/** All that a line can say is said, also that it does not: read again after it was changed, the file is still what counts. */
function fieldsOf({ port, attributes }: Entry, address: string): Record<string, string | number> {
  return {
    address,
    ports: String(port),
    // in_multi gives so many connections to a member as its selw says, and then to the next; in_single is TCP's default.
    ...(attributes.has('in_multi') ? { mode: 'multi', scheduler: 'weighted' } : { mode: 'single' }),
    hide: attributes.has('in_nolocal') ? String(port) : 'none',
    reserve: attributes.has('static') ? String(port) : 'none',
    outAlias: attributes.has('out_alias') ? String(port) : 'none',
    ...(attributes.has('out_alias') && { outwardTo: 'any' }),
  }
}
