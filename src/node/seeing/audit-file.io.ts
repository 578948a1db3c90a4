import fs from 'node:fs'
import { errnoOf, messageOf } from '../../base/errors.js'
import type { Logger } from '../../base/log.js'
import { printableJson } from '../../base/printable.js'
import { type AuditRecord, type AuditView, auditOf, DENIED, parseAudit } from './audit.js'
import { DeniedRecords } from './denied-records.js'

/** Then it becomes `audit.log.1`, and what was that is gone: some ten thousand records are kept. */
const FILE_BYTES_MAX = 1 << 20

/**
 * JSON lines in the state folder, mode 0600, and the same in the node's log. What the group that may look was denied has a file of its own,
 * `audit.log.denied`: however much of it there is, it takes no place of what was done. A disk that takes nothing is told once.
 */
export class AuditFile {
  readonly #done: RollingFile
  readonly #denied: RollingFile
  readonly #tries = new DeniedRecords()
  #isFailing = false

  constructor(
    file: string,
    private readonly logger: Logger,
    bytesMax = FILE_BYTES_MAX,
  ) {
    this.#done = new RollingFile(file, bytesMax)
    this.#denied = new RollingFile(`${file}.denied`, bytesMax)
  }

  write(given: AuditRecord): void {
    const isDenied = given.result === DENIED
    const record = isDenied ? this.#tries.pass(given, performance.now()) : given
    if (record === undefined) return
    const { at: _, ...rest } = record
    this.logger.log('info', 'audit', rest)
    try {
      ;(isDenied ? this.#denied : this.#done).append(`${printableJson(record)}\n`)
      this.#isFailing = false
    } catch (error) {
      if (!this.#isFailing) this.logger.log('error', 'audit-not-written', { why: messageOf(error) })
      this.#isFailing = true
    }
  }

  read(limit: number): AuditView {
    return auditOf([parseAudit(this.#done.text), parseAudit(this.#denied.text)], limit)
  }
}

class RollingFile {
  #bytes: number | undefined

  constructor(
    private readonly file: string,
    private readonly bytesMax: number,
  ) {}

  get text(): string {
    return textOf(`${this.file}.1`) + textOf(this.file)
  }

  append(line: string): void {
    this.#rotate()
    fs.appendFileSync(this.file, line, { mode: 0o600 })
    this.#bytes = (this.#bytes ?? 0) + Buffer.byteLength(line)
  }

  #rotate(): void {
    this.#bytes ??= fs.statSync(this.file, { throwIfNoEntry: false })?.size ?? 0
    if (this.#bytes < this.bytesMax) return
    fs.renameSync(this.file, `${this.file}.1`)
    this.#bytes = 0
  }
}

function textOf(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return ''
    throw error
  }
}
