/** Events of the log that are of interest to who looks at the whole cluster, in words. */
import { formatSpan } from '../../base/time.js'
import type { TapedEvent } from './event-tape.js'
import type { EventView } from './seeing-protocol.js'

export interface EventNames {
  /** Of services, by what their lease is for: a name, or an address that several may share. */
  readonly servicesOf: (contest: string) => readonly string[]
  /** By the beginning of an id. */
  readonly nodeOf: (shortId: string) => string
}

type Words = (fields: Readonly<Record<string, unknown>>, names: EventNames) => string

const list = (services: readonly string[], contest: unknown) => services.join(', ') || String(contest)
const nameOf = ({ servicesOf }: EventNames, contest: unknown) => list(servicesOf(String(contest)), contest)
const count = (value: unknown, one: string) => `${value} ${Number(value) === 1 ? one : `${one}s`}`

function director({ service, term }: Readonly<Record<string, unknown>>, names: EventNames): string {
  const [number, holder] = String(term).split('@')
  const name = nameOf(names, service)
  return holder === undefined ? `Nobody directs ${name}` : `${names.nodeOf(holder)} directs ${name}, term ${number}`
}

export const WORDS: Readonly<Record<string, Words>> = {
  up: () => 'This node is up',
  stopping: ({ why }) => `This node stops: ${why}`,
  'took-over': ({ ms }) => `A new process of this node goes on, after ${ms} ms`,
  'not-replaced': ({ why }) => `The process was not replaced: ${why}`,
  director,
  'lease-lost': ({ service, why }, names) => `This node directs ${nameOf(names, service)} no more: ${why}`,
  'directs-alone': ({ service }, names) => `${nameOf(names, service)} is directed without a majority`,
  'cannot-serve': ({ service, why }) => `This node cannot serve ${service}: ${why}`,
  recovered: ({ service, revived, failed, missing }) =>
    `${service}: ${count(revived, 'connection')} rebuilt${Number(failed) > 0 ? `, ${failed} not` : ''}${missing === '' ? '' : `; no word from ${missing}`}`,
  verdicts: ({ service, proven, filled, reset, gone }) =>
    `${service}: ${Number(proven) + Number(filled)} proven whole${Number(reset) > 0 ? `, ${reset} reset` : ''}${Number(gone) > 0 ? `, ${gone} gone` : ''}`,
  readmitted: ({ service, clients }) => `${service}: ${count(clients, 'client')} that nobody had served yet came along`,
  'unserved-lost': ({ service, clients }) => `${service}: ${count(clients, 'client')} that nobody had served yet`,
  'moved-out': ({ service, ms }, names) =>
    `${nameOf(names, service)} was given away in order, within ${formatSpan(Number(ms))}`,
  member: ({ name, state }) => (state === 'alive' ? `${name} is alive` : `${name} is ${state}`),
  'peer-gone': ({ peer }) => `The process of ${peer} has ended`,
  electorate: ({ voters }) => `The voters are ${String(voters).replaceAll(',', ', ')}`,
  drill: ({ service, fault, by }) => `Drill of ${service}: ${fault}, ordered by ${by}`,
  'backend-out': ({ service, node, why }) => `${service}: ${node} gets no new connections for a while: ${why}`,
  hosting: ({ service, state }) => `${service} is ${state} here`,
  'hosting-given': ({ service, to }) => `${service} is given to ${to ?? 'nobody'}`,
  'lane-died': ({ lane, clients }) => `Lane ${lane} has died; another goes on with ${count(clients, 'client')}`,
  'address-rival': ({ address, mac }) => `Another host, ${mac}, answers for ${address}`,
  'address-taken-away': ({ address }) => `A tool has taken ${address} from the device`,
  'access-log-failed': ({ why }) => String(why),
  'page-failed': ({ why }) => String(why),
  'config-refused': ({ why }) => `The services of the file were refused: ${why}`,
  'votes-lost': () => 'This node has lost its votes',
  'lane-fault': ({ why }) => `A fault of Baton was contained: ${why}`,
}

export function eventView(taped: TapedEvent, names: EventNames): EventView {
  const { event, fields } = taped
  const words = WORDS[event]
  if (words === undefined) return taped
  const { service } = fields
  const [first] = typeof service === 'string' ? names.servicesOf(service) : []
  const found = first ?? (typeof service === 'string' ? service : undefined)
  return {
    ...taped,
    text: words(fields, names),
    ...(found !== undefined && { service: found }),
    ...(event === 'director' && fields['term'] !== 'none' && { isHandover: true }),
  }
}
