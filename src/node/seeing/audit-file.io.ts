import fs from 'node:fs'
import { errnoOf, messageOf } from '../../base/errors.js'
import type { Logger } from '../../base/log.js'
import { type AuditRecord, type AuditView, parseAudit } from './audit.js'

/** Then it becomes `audit.log.1`, and what was that is gone: some ten thousand records are kept. */
const FILE_BYTES_MAX = 1 << 20

/** JSON lines in the state folder, mode 0600, and the same in the node's log. A disk that takes nothing is told once. */
export class AuditFile {
  #bytes: number | undefined
  #isFailing = false

  constructor(
    private readonly file: string,
    private readonly logger: Logger,
    private readonly bytesMax = FILE_BYTES_MAX,
  ) {}

  write(record: AuditRecord): void {
    const { at: _, ...rest } = record
    this.logger.log('info', 'audit', rest)
    const line = `${JSON.stringify(record)}\n`
    try {
      this.#rotate()
      fs.appendFileSync(this.file, line, { mode: 0o600 })
      this.#bytes = (this.#bytes ?? 0) + Buffer.byteLength(line)
      this.#isFailing = false
    } catch (error) {
      if (!this.#isFailing) this.logger.log('error', 'audit-not-written', { why: messageOf(error) })
      this.#isFailing = true
    }
  }

  read(limit: number): AuditView {
    return parseAudit(textOf(`${this.file}.1`) + textOf(this.file), limit)
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
