/**
 * The access log's file: lines of all lanes are appended as they come, whole, and never waited for. What does not fit into the queue,
 * or cannot be written, is thrown away and counted. A file that was moved away, as logrotate does, is noticed and begun anew.
 */
import fs from 'node:fs'
import path from 'node:path'
import { BatonError, errnoOf, messageOf } from '../../base/errors.js'
import type { Logger } from '../../base/log.js'
import type { Millis } from '../../base/time.js'

/** That wait for the disk. */
const QUEUE_BYTES_MAX = 8_388_608
/** Between two looks whether the file is still the one of that name. */
const LOOK_EVERY_MS: Millis = 1_000
/** After a failure: until it is tried again. */
const RETRY_MS: Millis = 1_000
/** Of one call: lines that came together are written together. */
const WRITE_BYTES_MAX = 1_048_576
/** Addresses of clients are nothing for all users of the host. */
const MODE = 0o640

const STANDARD_OUTPUT = 1

export interface AccessCounts {
  readonly lines: number
  readonly dropped: number
}

export type AccessWarn = (why: string | undefined) => void

interface Batch {
  readonly bytes: Buffer
  readonly lines: number
}

export class AccessLog {
  #fd: number | undefined
  #queue: Batch[] = []
  #queued = 0
  #isWriting = false
  #lookAt: Millis = 0
  #retryAt: Millis = 0
  #isFailing = false
  readonly #counts = { lines: 0, dropped: 0 }

  private constructor(
    /** `undefined`: standard output. */
    private readonly file: string | undefined,
    private readonly now: () => Millis,
    private readonly logger: Logger,
    private readonly warn: AccessWarn,
  ) {}

  /** `to`: a file, or `-` for standard output. Throws ERR_ACCESS_LOG where the file cannot be written. */
  static open(to: string, now: () => Millis, logger: Logger, warn: AccessWarn): AccessLog {
    const log = new AccessLog(to === '-' ? undefined : path.resolve(to), now, logger, warn)
    try {
      log.#open()
    } catch (error) {
      const hint =
        'its folder must be there and be writable by the user of the node; or choose another with --access-log'
      throw new BatonError('ERR_ACCESS_LOG', `the access log ${log.file} cannot be opened: ${messageOf(error)}`, {
        hint,
      })
    }
    return log
  }

  get counts(): AccessCounts {
    return { ...this.#counts }
  }

  /** `text`: so many whole lines. */
  write(text: string, lines: number): void {
    const bytes = Buffer.from(text)
    if (this.#queued + bytes.byteLength > QUEUE_BYTES_MAX || this.now() < this.#retryAt) {
      this.#counts.dropped += lines
      return
    }
    this.#queue.push({ bytes, lines })
    this.#queued += bytes.byteLength
    this.#next()
  }

  /** What waits is written now, in this call: the process is about to end. What is in the kernel's hands already comes to its end there. */
  close(): void {
    const { bytes, lines } = this.#take(Infinity)
    try {
      if (lines > 0) fs.writeSync(this.#open(), bytes)
      this.#counts.lines += lines
    } catch {
      this.#counts.dropped += lines
    }
    if (this.file !== undefined && this.#fd !== undefined && !this.#isWriting) fs.closeSync(this.#fd)
    this.#fd = undefined
  }

  #next(): void {
    if (this.#isWriting || this.#queue.length === 0) return
    const { bytes, lines } = this.#take(WRITE_BYTES_MAX)
    this.#isWriting = true
    try {
      this.#look()
      this.#append(this.#open(), bytes, 0, lines)
    } catch (error) {
      this.#isWriting = false
      this.#failed(error, lines)
    }
  }

  #append(fd: number, bytes: Buffer, from: number, lines: number): void {
    fs.write(fd, bytes, from, bytes.byteLength - from, null, (error, written) => {
      // A pipe whose reader is slow takes less, or nothing for the moment.
      const isFull = error !== null && errnoOf(error) === 'EAGAIN'
      if (isFull) return void setTimeout(() => this.#append(fd, bytes, from, lines), 10).unref()
      if (error === null && from + written < bytes.byteLength) return this.#append(fd, bytes, from + written, lines)
      this.#isWriting = false
      if (error !== null) return this.#failed(error, lines)
      this.#counts.lines += lines
      if (this.#isFailing) this.warn(undefined)
      this.#isFailing = false
      this.#next()
    })
  }

  #failed(error: unknown, lines: number): void {
    const why = `the access log ${this.file ?? 'on standard output'} is not written: ${messageOf(error)}`
    this.#counts.dropped += lines + this.#take(Infinity).lines
    this.#retryAt = this.now() + RETRY_MS
    // Perhaps it is on a disk that has gone away meanwhile.
    if (this.file !== undefined && this.#fd !== undefined) fs.close(this.#fd, () => {})
    this.#fd = undefined
    this.warn(why)
    if (!this.#isFailing) this.logger.log('error', 'access-log-failed', { why })
    this.#isFailing = true
  }

  #take(bytesMax: number): Batch {
    let [bytes, lines, count] = [0, 0, 0]
    for (const batch of this.#queue) {
      if (count > 0 && bytes + batch.bytes.byteLength > bytesMax) break
      bytes += batch.bytes.byteLength
      lines += batch.lines
      count++
    }
    this.#queued -= bytes
    return { bytes: Buffer.concat(this.#queue.splice(0, count).map((batch) => batch.bytes)), lines }
  }

  /** Whether somebody has moved the file away, or removed it. */
  #look(): void {
    if (this.file === undefined || this.#fd === undefined || this.now() < this.#lookAt) return
    this.#lookAt = this.now() + LOOK_EVERY_MS
    const ours = fs.fstatSync(this.#fd)
    const named = fs.statSync(this.file, { throwIfNoEntry: false })
    if (named?.ino === ours.ino && named.dev === ours.dev) return
    fs.closeSync(this.#fd)
    this.#fd = undefined
    this.logger.log('info', 'access-log-reopened', { file: this.file })
  }

  #open(): number {
    if (this.file === undefined) return STANDARD_OUTPUT
    this.#fd ??= fs.openSync(this.file, 'a', MODE)
    return this.#fd
  }
}
