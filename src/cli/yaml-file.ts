/**
 * A YAML file read for its words: maps, lists and scalars as they are written, each with its place. A scalar is the text
 * that stands there, as if typed on the command line, so `8080`, `off` and `0` mean there what they mean here. Whatever
 * is wrong is collected, and reading goes on.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type ParsedNode, parseDocument } from 'yaml'
import type { FileProblemView } from '../node/control/control-protocol.js'
import { nearest } from './nearest.js'

export interface Place {
  readonly line: number
  readonly column: number
}

/** What stands behind a key. */
export interface Item {
  readonly key: string
  /** Of the key. */
  readonly place: Place
  readonly node: unknown
}

/** Where the parser's own sentence speaks to programmers. */
const WORDS: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'this name stands here twice',
  MULTIPLE_DOCS: 'a second document begins here: only one is read',
}

export class YamlFile {
  readonly problems: FileProblemView[] = []
  readonly root: Item
  readonly #lines = new LineCounter()
  readonly #document

  constructor(text: string) {
    const options = { lineCounter: this.#lines, prettyErrors: false, uniqueKeys: true, stringKeys: false }
    this.#document = parseDocument(text, options)
    this.root = { key: 'the file', place: { line: 1, column: 1 }, node: this.#document.contents }
    for (const { code, message, pos } of [...this.#document.errors, ...this.#document.warnings]) {
      this.report(this.#at(pos[0]), WORDS[code] ?? `this is no YAML: ${message.replace(/\s+/g, ' ')}`)
    }
  }

  report(place: Place, problem: string, hint?: string): void {
    this.problems.push(hint === undefined ? { ...place, problem } : { ...place, problem, hint })
  }

  /** Of the value, or of the key where there is none. */
  placeOf({ node, place }: Item): Place {
    const range = (node as ParsedNode | null | undefined)?.range
    return range === undefined || range === null ? place : this.#at(range[0])
  }

  /** Keys and what stands behind them; with `known`, others are a problem. Nothing at all is an empty map; what is none is `undefined`. */
  entries(item: Item, known?: readonly string[]): Item[] | undefined {
    const node = this.#resolve(item.node)
    if (node === null || (isScalar(node) && node.value === null)) return []
    if (!isMap(node)) {
      this.report(this.placeOf(item), `${item.key} must be names with values`, 'write lines like `name: value`')
      return undefined
    }
    return node.items.flatMap(({ key, value }) => {
      const range = (key as ParsedNode | null)?.range
      const place = range === undefined || range === null ? item.place : this.#at(range[0])
      if (!isScalar(key) || key.value === null) {
        this.report(place, 'a name must be a single word')
        return []
      }
      const name = wordsOf(key)
      if (known === undefined || known.includes(name)) return { key: name, place, node: value }
      this.report(place, `there is no '${name.slice(0, 80)}' here`, hintFor(name, known))
      return []
    })
  }

  /** A scalar's text. `undefined`, and a problem, for anything else. */
  text(item: Item): string | undefined {
    const node = this.#resolve(item.node)
    if (isScalar(node) && node.value !== null) return wordsOf(node)
    const isEmpty = node === null || isScalar(node)
    this.report(this.placeOf(item), `${item.key} ${isEmpty ? 'has no value' : 'must be a single value'}`)
    return undefined
  }

  /** One scalar or a list of them. */
  items(item: Item): Item[] {
    const node = this.#resolve(item.node)
    return isSeq(node) ? node.items.map((each) => ({ ...item, node: each })) : [item]
  }

  #resolve(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.#document) : node
  }

  #at(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
}

/** As it is written where it is plain: `0x10` and `1e3` stay what they are. */
function wordsOf(scalar: { value: unknown; source?: string; type?: string }): string {
  return scalar.type === 'PLAIN' ? (scalar.source ?? String(scalar.value)) : String(scalar.value)
}

/** The nearest right word, or all of them. */
export function hintFor(name: string, known: readonly string[]): string {
  const meant = nearest(name, known)
  return meant === undefined ? `possible are ${known.join(', ')}` : `did you mean ${meant}?`
}
