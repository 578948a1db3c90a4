/**
 * The access log's file: lines of all lanes are appended as they come, whole, and never waited for. What does not fit into the queue,
 * or cannot be written, is thrown away and counted. A file that was moved away, as logrotate does, is noticed and begun anew.
 * A pipe is a file like others: it is opened and written without blocking, or its reader's end would be that of the node's leases.
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
/** For so long a pipe may be full: its reader is slow, or stands still. */
const STALL_MS: Millis = 1_000
/** Between two tries to write into a full pipe. */
const FULL_MS: Millis = 10
/** Of one call: lines that came together are written together. */
const WRITE_BYTES_MAX = 1_048_576
/** Addresses of clients are nothing for all users of the host. */
const MODE = 0o640

const STANDARD_OUTPUT = 1
const FLAGS = fs.constants.O_WRONLY | fs.constants.O_APPEND | fs.constants.O_CREAT | fs.constants.O_NONBLOCK
const NEWLINE = 0x0a

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
  #isClosed = false
  /** What was written last lacks its end. */
  #isTorn = false
  readonly #counts = { lines: 0, dropped: 0 }

  private constructor(
    /** `undefined`: standard output. */
    private readonly file: string | undefined,
    private readonly now: () => Millis,
    private readonly logger: Logger,
    private readonly warn: AccessWarn,
  ) {}

  /** `to`: a file, or `-` for standard output. Throws ERR_ACCESS_LOG where the file cannot be written; the reader of a pipe may come later. */
  static open(to: string, now: () => Millis, logger: Logger, warn: AccessWarn): AccessLog {
    const log = new AccessLog(to === '-' ? undefined : path.resolve(to), now, logger, warn)
    try {
      log.#open()
    } catch (error) {
      if (log.file !== undefined && isUnread(error) && fs.statSync(log.file).isFIFO()) {
        log.#failed(error, 0)
        return log
      }
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
    this.#isClosed = true
    const batch = this.#take(Infinity)
    try {
      const fd = batch.lines > 0 ? this.#open() : undefined
      const bytes = this.#begun(batch.bytes)
      if (fd !== undefined) this.#counts.dropped += this.#count(bytes, fs.writeSync(fd, bytes), batch.lines)
    } catch {
      this.#counts.dropped += batch.lines
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
      const fd = this.#open()
      this.#append(fd, this.#begun(bytes), 0, lines, this.now())
    } catch (error) {
      this.#isWriting = false
      this.#failed(error, lines)
    }
  }

  /** `since`: when the last of it was taken. */
  #append(fd: number, bytes: Buffer, from: number, lines: number, since: Millis): void {
    fs.write(fd, bytes, from, bytes.byteLength - from, null, (error, count) => {
      // A pipe whose reader is slow takes less, or nothing for the moment.
      const isFull = error !== null && errnoOf(error) === 'EAGAIN'
      if (isFull && !this.#isClosed && this.now() - since < STALL_MS)
        return void setTimeout(() => this.#append(fd, bytes, from, lines, since), FULL_MS).unref()
      const to = from + (error === null ? count : 0)
      if (error === null && to < bytes.byteLength && !this.#isClosed) {
        this.#isTorn = bytes[to - 1] !== NEWLINE
        return this.#append(fd, bytes, to, lines, this.now())
      }
      this.#isWriting = false
      const dropped = this.#count(bytes, to, lines)
      if (error !== null && !this.#isClosed) return this.#failed(error, dropped)
      this.#counts.dropped += dropped
      if (this.#isClosed) return
      if (this.#isFailing) this.warn(undefined)
      this.#isFailing = false
      this.#next()
    })
  }

  /** What was cut off, at a full disk or pipe, stays so; the next line is whole again. */
  #begun(bytes: Buffer): Buffer {
    return this.#isTorn ? Buffer.concat([Buffer.of(NEWLINE), bytes]) : bytes
  }

  /** Of `bytes`, as `#begun` made them, `count` were written. Counts its whole lines, and returns how many are lost. */
  #count(bytes: Buffer, count: number, lines: number): number {
    let whole = bytes[0] === NEWLINE && count > 0 ? -1 : 0
    for (let at = bytes.indexOf(NEWLINE); at !== -1 && at < count; at = bytes.indexOf(NEWLINE, at + 1)) whole++
    if (count > 0) this.#isTorn = bytes[count - 1] !== NEWLINE
    this.#counts.lines += whole
    return lines - whole
  }

  #failed(error: unknown, lines: number): void {
    const why = `the access log ${this.file ?? 'on standard output'} is not written: ${reasonOf(error)}`
    this.#counts.dropped += lines + this.#take(Infinity).lines
    this.#retryAt = this.now() + RETRY_MS
    // Perhaps it is on a disk that has gone away meanwhile; but a reader that is only slow would take a closed pipe for the end.
    if (errnoOf(error) !== 'EAGAIN') {
      if (this.file !== undefined && this.#fd !== undefined) fs.close(this.#fd, () => {})
      this.#fd = undefined
    }
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
    if (this.#fd !== undefined) return this.#fd
    this.#fd = fs.openSync(this.file, FLAGS, MODE)
    this.#isTorn = isTorn(this.file, this.#fd)
    return this.#fd
  }
}

/** Whether a file's last line lacks its end: an earlier process may have found the disk full. */
function isTorn(file: string, fd: number): boolean {
  const stat = fs.fstatSync(fd)
  if (!stat.isFile() || stat.size === 0) return false
  let reading: number | undefined
  try {
    reading = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
    const last = Buffer.alloc(1)
    return fs.readSync(reading, last, 0, 1, stat.size - 1) === 1 && last[0] !== NEWLINE
  } catch {
    // It may be written and not read. An empty line does less harm than one that is glued to a torn one.
    return true
  } finally {
    if (reading !== undefined) fs.closeSync(reading)
  }
}

/** A pipe without a reader says so to who does not wait for one (fifo(7)). */
function isUnread(error: unknown): boolean {
  return errnoOf(error) === 'ENXIO'
}

function reasonOf(error: unknown): string {
  if (isUnread(error)) return 'nobody reads this pipe'
  if (errnoOf(error) === 'EAGAIN') return `its reader has taken nothing for ${STALL_MS} ms`
  return messageOf(error)
}
