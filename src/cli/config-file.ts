/**
 * The file of `baton up --config` and of `baton service import`: node settings, services, or both.
 *
 *   bind: 10.0.0.1                 the flags of `baton up`, by their names
 *   seed: [10.0.0.2, 10.0.0.3]
 *   prune: true                    remove services that are not named below
 *   services:
 *     web:                         the flags of `baton service add`, by their names
 *       address: 10.0.0.100
 *       ports: 80,443
 *       nodes:                   the flags of `baton service node`, by the names of nodes
 *         host-2: { weight: 3 }
 *
 * All of it is judged at once, without a node.
 */
import { LOG_LEVELS } from '../base/log.js'
import {
  CIPHERS,
  DECLARED_MAX,
  ENGINES,
  findOptionProblems,
  LOG_FORMATS,
  NODE_SETTINGS,
  type NodeSetting,
  PORT_DEFAULTS,
  PRIORITY_DEFAULT,
  PROFILES,
  parseDiscovery,
  parsePage,
  parseSeed,
} from '../node/config-schema.js'
import type { DeclaredService, FileProblemView, ImportProblem } from '../node/control/control-protocol.js'
import { checkDeclared } from '../node/services/service-plan.js'
import { ASSIGNMENT_FLAG_NAMES, ASSIGNMENT_FLAGS, type AssignmentFlag } from './assignment-words.js'
import { bootstrapOf, discoveryOf } from './discovery-flags.js'
import { fieldOf, flagOf, readServiceFlag, SERVICE_FLAGS, type ServiceFlag } from './service-words.js'
import { hintFor, type Item, type Place, YamlFile } from './yaml-file.js'

export interface ConfigFile {
  /** As written; lists where several were given. */
  readonly settings: Readonly<Partial<Record<NodeSetting, readonly string[]>>>
  /** `undefined`: the file says nothing of services. */
  readonly services: readonly DeclaredService[] | undefined
  readonly prune: boolean
  /** In the order of the file. */
  readonly problems: readonly FileProblemView[]
  /** What the node finds wrong, as a problem of this file. */
  locate(problem: ImportProblem): FileProblemView
}

const CHOICES: Readonly<Partial<Record<NodeSetting, readonly string[]>>> = {
  profile: PROFILES,
  engine: ENGINES,
  cipher: CIPHERS,
  'log-format': LOG_FORMATS,
  'log-level': LOG_LEVELS,
}

const WHOLE_NUMBERS: readonly NodeSetting[] = ['gossip-port', 'control-port', 'data-port', 'priority', 'lanes']

/** Given as a list, or as one text. */
const LISTS: readonly NodeSetting[] = ['seed', 'bootstrap', 'discovery']

const START: Place = { line: 1, column: 1 }

export function parseConfigFile(text: string): ConfigFile {
  return new ConfigReader(new YamlFile(text)).read()
}

class ConfigReader {
  readonly #settings: Partial<Record<NodeSetting, string[]>> = {}
  readonly #services: DeclaredService[] = []
  /** Of settings, services (`web`) and their fields (`web/ports`). */
  readonly #places = new Map<string, Place>()
  /** Fields that were found wrong here: the node need not say so again. */
  readonly #told = new Set<string>()

  constructor(private readonly file: YamlFile) {}

  read(): ConfigFile {
    const { file } = this
    const items = file.entries(file.root, [...NODE_SETTINGS, 'prune', 'services']) ?? []
    for (const item of items) if (item.key !== 'prune' && item.key !== 'services') this.#readSetting(item)
    const services = items.find(({ key }) => key === 'services')
    if (services !== undefined) this.#readServices(services)
    const prune = items.find(({ key }) => key === 'prune')
    const isPruning = prune !== undefined && this.#readPrune(prune, services !== undefined)
    this.#checkSettings()
    for (const problem of checkDeclared(this.#services)) {
      if (!this.#told.has(`${problem.service}/${problem.field}`)) file.problems.push(this.#locate(problem))
    }
    return {
      settings: this.#settings,
      services: services === undefined ? undefined : this.#services,
      prune: isPruning,
      problems: file.problems.sort((a, b) => a.line - b.line || a.column - b.column),
      locate: (problem) => this.#locate(problem),
    }
  }

  #readSetting(item: Item): void {
    const setting = item.key as NodeSetting
    const items = LISTS.includes(setting) ? this.file.items(item) : [item]
    this.#places.set(setting, this.file.placeOf(item))
    const texts = items.flatMap((each) => {
      const text = this.file.text(each)
      return text !== undefined && this.#isPossible(setting, text, this.file.placeOf(each)) ? text : []
    })
    if (texts.length > 0) this.#settings[setting] = texts
  }

  /** What can be said of one value alone. */
  #isPossible(setting: NodeSetting, text: string, place: Place): boolean {
    const problems = this.file.problems.length
    if (setting === 'seed') {
      const parsed = parseSeed(text)
      if (parsed.type === 'problem') this.file.report(place, parsed.problem, parsed.hint)
    }
    const page = setting === 'page' ? parsePage(text) : undefined
    if (page !== undefined && 'problem' in page) this.file.report(place, page.problem)
    if (setting === 'bootstrap') {
      for (const { problem, hint } of bootstrapOf([text]).problems) this.file.report(place, problem, hint)
    }
    if (setting === 'discovery') {
      const parsed = parseDiscovery(text)
      if (parsed.type === 'problem') this.file.report(place, `discovery ${parsed.problem}`, parsed.hint)
    }
    const choices = CHOICES[setting]
    if (choices !== undefined && !choices.includes(text)) {
      this.file.report(place, `${setting} '${text}' is not possible`, hintFor(text, choices))
    }
    if (WHOLE_NUMBERS.includes(setting) && !/^\d{1,9}$/.test(text)) {
      this.file.report(place, `${setting} '${text}' is no whole number`)
    }
    return this.file.problems.length === problems
  }

  /** What only all of them together show; those that the file leaves out have their defaults. */
  #checkSettings(): void {
    const number = (setting: NodeSetting, otherwise: number) => Number(this.#settings[setting]?.[0] ?? otherwise)
    const problems = findOptionProblems({
      bind: this.#settings.bind?.[0] ?? '127.0.0.1',
      gossipPort: number('gossip-port', PORT_DEFAULTS.gossip),
      controlPort: number('control-port', PORT_DEFAULTS.control),
      dataPort: number('data-port', PORT_DEFAULTS.data),
      priority: number('priority', PRIORITY_DEFAULT),
      ...(this.#settings.lanes === undefined ? {} : { lanes: number('lanes', 1) }),
      seeds: (this.#settings.seed ?? []).flatMap((text) => {
        const parsed = parseSeed(text)
        return parsed.type === 'seed' ? parsed.seed : []
      }),
      bootstrap: bootstrapOf(this.#settings.bootstrap ?? []).bootstrap,
      discovery: discoveryOf(this.#settings.discovery),
    })
    for (const { setting, problem } of problems) {
      const place = this.#places.get(setting) ?? this.#places.get('control-port') ?? START
      this.file.report(place, `${setting} ${problem}`)
    }
  }

  #readPrune(item: Item, declaresServices: boolean): boolean {
    const text = this.file.text(item)
    if (text !== undefined && text !== 'true' && text !== 'false') {
      this.file.report(this.file.placeOf(item), `prune '${text}' is not possible`, 'choose true or false')
    }
    if (text !== 'true') return false
    if (!declaresServices) {
      this.file.report(
        item.place,
        'prune: true without services: would remove them all',
        'write `services: {}` to mean it',
      )
    }
    return true
  }

  #readServices(item: Item): void {
    const declared = this.file.entries(item) ?? []
    if (declared.length > DECLARED_MAX) {
      const problem = `${declared.length} services are declared, at most ${DECLARED_MAX} are read from one file`
      this.file.report(item.place, problem, 'write several files')
    }
    for (const service of declared.slice(0, DECLARED_MAX)) {
      // Given twice: told already.
      if (this.#places.has(service.key)) continue
      const fields: Record<string, string | number> = {}
      this.#places.set(service.key, service.place)
      const items = this.file.entries(service, [...SERVICE_FLAGS, 'nodes'])
      if (items === undefined) continue
      const nodes = items.find(({ key }) => key === 'nodes')
      for (const field of items) {
        if (field === nodes) continue
        const flag = field.key as ServiceFlag
        const value = this.#readField(field, flag)
        const path = `${service.key}/${fieldOf(flag)}`
        this.#places.set(path, this.file.placeOf(field))
        if (value === undefined) this.#told.add(path)
        else fields[fieldOf(flag)] = value
      }
      const said = nodes === undefined ? {} : { nodes: this.#readNodes(service.key, nodes) }
      this.#services.push({ name: service.key, fields, ...said })
    }
  }

  /** What nodes do for a service, by their names. */
  #readNodes(service: string, item: Item): NonNullable<DeclaredService['nodes']> {
    this.#places.set(`${service}/nodes`, item.place)
    const nodes: Record<string, Record<string, string>> = {}
    for (const node of this.file.entries(item) ?? []) {
      const fields: Record<string, string> = {}
      for (const field of this.file.entries(node, ASSIGNMENT_FLAG_NAMES) ?? []) {
        const text = this.file.text(field)
        if (text !== undefined) fields[ASSIGNMENT_FLAGS[field.key as AssignmentFlag]] = text
      }
      nodes[node.key] = fields
    }
    return nodes
  }

  #readField(item: Item, flag: ServiceFlag): string | number | undefined {
    const text = this.file.text(item)
    if (text === undefined) return undefined
    const read = readServiceFlag(flag, text)
    if (read.type === 'value') return read.value
    this.file.report(this.file.placeOf(item), `${flag} ${read.problem}`, read.hint)
    return undefined
  }

  #locate({ service, field, problem, hint }: ImportProblem): FileProblemView {
    const place = this.#places.get(`${service}/${field}`) ?? this.#places.get(service) ?? START
    const sentence = field === 'name' ? problem : `${service}: ${flagOf(field)} ${problem}`
    return { ...place, problem: sentence, hint }
  }
}
