/**
 * What an operator's command on one node asks of another, and the answers, on the operator channel of their control link:
 * `kind u8 | number u32 | …`. Whoever has a control link has proven the cluster key, and may ask. A node that does not know
 * a kind is silent, and whoever asked says that it may be older.
 */
import { ByteReader, ByteWriter } from '../base/bytes.js'
import { NODE_ID_BYTES, type NodeId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { CheckResult } from '../health/ports.js'
import type { RevivalReport, ServiceReport } from '../proxy/lane-report.js'
import { FAULTS, type Fault } from './control/drill-protocol.js'

/** `term`: obeyed by whoever holds it, and by nobody else. */
export interface FaultOrder {
  readonly service: string
  readonly term: number
  readonly fault: Fault
}

/** What a director knows before its own drill. */
export interface Survey {
  /** A service manager starts it again when it has died. */
  readonly supervised: boolean
  /** How long it would stand still. */
  readonly pauseMs: Millis
  /** Connections that other nodes direct and that end at programs of this host. */
  readonly forOthers: number
  /** Of the services that it directs. */
  readonly services: readonly ServiceReport[]
}

export type Errand =
  | { readonly type: 'survey' }
  | ({ readonly type: 'fault' } & FaultOrder)
  /** Whether its own program of a service works, on that port; 0: as a whole. */
  | { readonly type: 'check'; readonly service: string; readonly port: number }
  /** It is to run there; obeyed by the node where it runs. */
  | { readonly type: 'relocate'; readonly service: string; readonly to: NodeId }
  /** How many connections to its programs stand: of that service, or of all. */
  | { readonly type: 'count'; readonly service: string }

export type ErrandAnswer =
  | { readonly type: 'surveyed'; readonly survey: Survey }
  /** It is done, or begins now; who is to die says nothing, and its link ends. */
  | { readonly type: 'done' }
  | ({ readonly type: 'checked' } & CheckResult)
  | { readonly type: 'counted'; readonly splices: number }
  | { readonly type: 'refused'; readonly code: string; readonly message: string; readonly hint: string }

export type ErrandMessage =
  | { readonly type: 'ask'; readonly number: number; readonly errand: Errand }
  | { readonly type: 'answer'; readonly number: number; readonly answer: ErrandAnswer }

const KIND = {
  survey: 1,
  fault: 2,
  check: 3,
  relocate: 4,
  count: 5,
  surveyed: 129,
  done: 130,
  refused: 131,
  checked: 132,
  counted: 133,
} as const

const TEXT_BYTES_MAX = 2_048
/** Of a service: a definition's limit is lower. */
const NAME_BYTES_MAX = 256
/** As many as a node has leases for. */
const ROWS_MAX = 1_024
const WORDS_MAX = 64
const COUNTS = ['revived', 'proven', 'filled', 'reset', 'gone', 'unverified'] as const

export function encodeErrand(message: ErrandMessage): Uint8Array {
  const out = new ByteWriter()
  if (message.type === 'ask') {
    const { number, errand } = message
    out.u8(KIND[errand.type]).u32(number)
    if (errand.type === 'fault') out.text(errand.service).u64(errand.term).u8(FAULTS.indexOf(errand.fault))
    if (errand.type === 'count') out.text(errand.service)
    if (errand.type === 'relocate') out.text(errand.service).hex(errand.to)
    if (errand.type === 'check') out.text(errand.service).u16(errand.port)
    return out.finish()
  }
  const { number, answer } = message
  out.u8(KIND[answer.type]).u32(number)
  if (answer.type === 'counted') out.u32(answer.splices)
  if (answer.type === 'checked') putText(out.u8(answer.isGood ? 1 : 0), answer.words)
  if (answer.type === 'surveyed') putSurvey(out, answer.survey)
  if (answer.type === 'refused') for (const text of [answer.code, answer.message, answer.hint]) putText(out, text)
  return out.finish()
}

/** Total. `undefined`: damaged, or of a later release. */
export function decodeErrand(bytes: Uint8Array): ErrandMessage | undefined {
  const reader = new ByteReader(bytes)
  const [kind, number] = [reader.u8(), reader.u32()]
  const message = readMessage(kind, number, reader)
  return reader.failed ? undefined : message
}

function readMessage(kind: number, number: number, reader: ByteReader): ErrandMessage | undefined {
  switch (kind) {
    case KIND.survey:
      return { type: 'ask', number, errand: { type: 'survey' } }
    case KIND.fault: {
      const [service, term, fault] = [reader.text(NAME_BYTES_MAX), reader.u64(), FAULTS[reader.u8()]]
      return fault === undefined ? undefined : { type: 'ask', number, errand: { type: 'fault', service, term, fault } }
    }
    case KIND.check: {
      const [service, port] = [reader.text(NAME_BYTES_MAX), reader.u16()]
      return { type: 'ask', number, errand: { type: 'check', service, port } }
    }
    case KIND.count:
      return { type: 'ask', number, errand: { type: 'count', service: reader.text(NAME_BYTES_MAX) } }
    case KIND.counted:
      return { type: 'answer', number, answer: { type: 'counted', splices: reader.u32() } }
    case KIND.relocate: {
      const [service, to] = [reader.text(NAME_BYTES_MAX), reader.hex(NODE_ID_BYTES)]
      return { type: 'ask', number, errand: { type: 'relocate', service, to } }
    }
    case KIND.checked: {
      const [isGood, words] = [reader.u8() === 1, reader.text(TEXT_BYTES_MAX)]
      return { type: 'answer', number, answer: { type: 'checked', isGood, words } }
    }
    case KIND.surveyed:
      return { type: 'answer', number, answer: { type: 'surveyed', survey: readSurvey(reader) } }
    case KIND.done:
      return { type: 'answer', number, answer: { type: 'done' } }
    case KIND.refused: {
      const text = () => reader.text(TEXT_BYTES_MAX)
      return { type: 'answer', number, answer: { type: 'refused', code: text(), message: text(), hint: text() } }
    }
    default:
      return undefined
  }
}

/** For people: cut short it says less, and nothing wrong. A letter has at most three bytes in UTF-8 (surrogates are two letters). */
function putText(out: ByteWriter, text: string): void {
  out.text(text.slice(0, Math.floor(TEXT_BYTES_MAX / 3)))
}

function putSurvey(out: ByteWriter, { supervised, pauseMs, forOthers, services }: Survey): void {
  const rows = services.slice(0, ROWS_MAX)
  out
    .u8(supervised ? 1 : 0)
    .u32(pauseMs)
    .u32(forOthers)
    .u16(rows.length)
  for (const { service, directed, survivable, mortal, revivals } of rows) {
    out.text(service).u32(directed).u32(survivable)
    putWords(out, mortal)
    for (const name of COUNTS) out.u32(revivals[name])
    putWords(out, revivals.failures)
  }
}

function readSurvey(reader: ByteReader): Survey {
  const [supervised, pauseMs, forOthers, count] = [reader.u8() === 1, reader.u32(), reader.u32(), reader.u16()]
  const services: ServiceReport[] = []
  for (let i = 0; i < count && !reader.failed; i++) services.push(readService(reader))
  return { supervised, pauseMs, forOthers, services }
}

function readService(reader: ByteReader): ServiceReport {
  const [service, directed, survivable] = [reader.text(NAME_BYTES_MAX), reader.u32(), reader.u32()]
  const mortal = readWords(reader)
  const counts = Object.fromEntries(COUNTS.map((name) => [name, reader.u32()]))
  const revivals = { ...counts, failures: readWords(reader) } as RevivalReport
  return { service, directed, survivable, mortal, revivals }
}

function putWords(out: ByteWriter, words: Readonly<Record<string, number>>): void {
  const rows = Object.entries(words).slice(0, WORDS_MAX)
  out.u16(rows.length)
  for (const [word, count] of rows) {
    putText(out, word)
    out.u32(count)
  }
}

function readWords(reader: ByteReader): Record<string, number> {
  const words = new Map<string, number>()
  const count = reader.u16()
  for (let i = 0; i < count && !reader.failed; i++) words.set(reader.text(TEXT_BYTES_MAX), reader.u32())
  return Object.fromEntries(words)
}
