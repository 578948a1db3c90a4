/**
 * What an operator has had this node do: one record for each request that changes something or reveals a secret, also for those that
 * were refused. Who it was is what the kernel says of the socket, not what the client says of itself.
 */

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

/** `path`: without its query. Everything that does not just look. */
export function isWorthAudit(method: string, path: string): boolean {
  return (method !== 'GET' && method !== 'HEAD') || SECRET_PATHS.has(path)
}

/** What was asked, as one text; secrets are replaced by dots, whatever their depth. */
export function auditArguments(...parts: readonly unknown[]): string {
  const told = parts.filter((part) => part !== undefined && part !== null && JSON.stringify(part) !== '{}')
  const text = told.map((part) => JSON.stringify(part, hideSecrets)).join(' ')
  return text.length <= ARGUMENTS_CHARACTERS_MAX ? text : `${text.slice(0, ARGUMENTS_CHARACTERS_MAX)}…`
}

/** The last `limit` records of a file's text. Total: lines that are none are passed over. */
export function parseAudit(text: string, limit: number): AuditView {
  const lines = text.split('\n').filter((line) => line !== '')
  const records = lines.flatMap((line) => parseRecord(line) ?? [])
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
