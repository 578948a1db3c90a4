/**
 * What an operator has had this node do: one record for each request that changes something or reveals a secret, also for those that
 * were refused. Who it was is what the kernel says of the socket, not what the client says of itself.
 */
import { blot } from '../../base/blot.js'

/** Came by the socket that only looks, and wanted more. */
export const DENIED = 'ERR_CONTROL_DENIED'

export interface AuditRecord {
  /** ISO 8601, by this node's wall clock. */
  readonly at: string
  /** Where the host can tell. */
  readonly uid?: number
  readonly gid?: number
  readonly pid?: number
  readonly user?: string
  /** `POST /v1/keys/rotate` */
  readonly command: string
  /** Without secrets, and cut. */
  readonly arguments: string
  /** `ok`, the code of the error, or `begun` of what ends the process that would have said so. */
  readonly result: string
  /** Of what was denied: so many more came from this user since the record before. */
  readonly heldBack?: number
}

export interface AuditView {
  /** The oldest first. */
  readonly records: readonly AuditRecord[]
  /** Older ones were left out here, or have gone from the disk. */
  readonly isCut: boolean
}

export const AUDIT_RECORDS_MAX = 10_000
const ARGUMENTS_CHARACTERS_MAX = 1_000
const TEXT_CHARACTERS_MAX = 200
/** A line that is longer was not written here. */
const LINE_CHARACTERS_MAX = 4_096
const SECRETS = new Set(['key', 'token', 'secret'])
const SECRET_PATHS = new Set(['/v1/keys/secrets', '/v1/keys/token'])

/** `route`: the path as it is defined, and not as it was asked for. Everything that does not just look. */
export function isWorthAudit(method: string, route: string): boolean {
  return (method !== 'GET' && method !== 'HEAD') || SECRET_PATHS.has(route)
}

/** What was asked, as one text; secrets are replaced by dots, whatever their depth. */
export function auditArguments(...parts: readonly unknown[]): string {
  const told = parts.filter((part) => part !== undefined && part !== null && JSON.stringify(part) !== '{}')
  const text = blot(told.map((part) => JSON.stringify(part, hideSecrets)).join(' '))
  return text.length <= ARGUMENTS_CHARACTERS_MAX ? text : `${text.slice(0, ARGUMENTS_CHARACTERS_MAX)}…`
}

/** The records of a file's text. Total: lines that are none are passed over. */
export function parseAudit(text: string): AuditRecord[] {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.flatMap((line) => parseRecord(line) ?? [])
}

/** The last `limit` of several files, in the order of their times. */
export function auditOf(files: readonly (readonly AuditRecord[])[], limit: number): AuditView {
  const records = files.flat().sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  return { records: records.slice(-limit), isCut: records.length > limit }
}

function hideSecrets(name: string, value: unknown): unknown {
  if (SECRETS.has(name)) return '…'
  return typeof value === 'string' && value.length > TEXT_CHARACTERS_MAX
    ? `${value.slice(0, TEXT_CHARACTERS_MAX)}…`
    : value
}

function parseRecord(line: string): AuditRecord | undefined {
  if (line.length > LINE_CHARACTERS_MAX) return undefined
  try {
    const record = JSON.parse(line) as Partial<AuditRecord> | null
    const isWhole = [record?.at, record?.command, record?.arguments, record?.result].every(
      (one) => typeof one === 'string',
    )
    return isWhole ? (record as AuditRecord) : undefined
  } catch {
    return undefined
  }
}
