/**
 * Votes on disk: a log of records, one a line, each with its checksum, flushed before `append` returns; so a vote is
 * durable before it leaves. A last line that a crash tore off was never answered and is cut away; damage elsewhere is an
 * error, since a voter that forgot could vote twice. The log is rewritten when it has grown past its worth.
 *
 *   baton-votes 1
 *   0a1b2c3d {"kind":"vote","service":"web","term":{"number":7,"holder":"…"}}
 */
import fs from 'node:fs'
import path from 'node:path'
import { BatonError, errnoOf, messageOf } from '../base/errors.js'
import { hash32 } from '../base/hash.js'
import type { NodeId } from '../base/ids.js'
import {
  applyRecord,
  type DurableRecord,
  type DurableState,
  emptyState,
  foundElectorate,
  recordsOf,
} from './durable-state.js'

const HEADER = 'baton-votes 1'
const REWRITE_LINES_MIN = 1_000

export class TermStore {
  #fd: number
  #lines: number

  private constructor(
    private readonly file: string,
    readonly state: DurableState,
    /** Nothing was ever voted here: no earlier boot can have granted anything. */
    readonly isFresh: boolean,
    lines: number,
    fd: number,
  ) {
    this.#lines = lines
    this.#fd = fd
  }

  /**
   * `founder`: where there is no log yet, this node founds the electorate. A log that is begun now is a new memory, which
   * has no part in what an earlier one promised: `memory` is a number drawn for it (1 to 2³² − 1). Throws ERR_VOTES_DAMAGED, ERR_VOTES_NEWER, ERR_STATE_UNWRITABLE.
   */
  static open(file: string, memory: number, founder: NodeId | undefined): TermStore {
    const text = readIfThere(file)
    if (text === undefined || text === '') {
      const state = emptyState(memory)
      if (founder !== undefined)
        applyRecord(state, { kind: 'electorate', electorate: foundElectorate(founder, memory) })
      rewrite(file, state)
      return new TermStore(file, state, true, recordsOf(state).length, openForAppend(file))
    }
    const { state, lines, goodBytes } = parse(file, text)
    if (goodBytes < Buffer.byteLength(text)) fs.truncateSync(file, goodBytes)
    return new TermStore(file, state, false, lines, openForAppend(file))
  }

  /** Durable when it returns. Throws: a voter whose disk fails must not go on voting. */
  append(records: readonly DurableRecord[]): void {
    try {
      // Not writeSync: on a full disk that writes a part and says so by its result alone.
      fs.writeFileSync(this.#fd, records.map((record) => `${lineOf(record)}\n`).join(''))
      fs.fdatasyncSync(this.#fd)
      this.#lines += records.length
      if (this.#lines > REWRITE_LINES_MIN && this.#lines > 4 * recordsOf(this.state).length) this.#compact()
    } catch (cause) {
      throw unwritable(this.file, cause)
    }
  }

  close(): void {
    fs.closeSync(this.#fd)
  }

  #compact(): void {
    rewrite(this.file, this.state)
    fs.closeSync(this.#fd)
    this.#fd = openForAppend(this.file)
    this.#lines = recordsOf(this.state).length
  }
}

function lineOf(record: DurableRecord): string {
  const json = JSON.stringify(record)
  return `${hash32(json).toString(16).padStart(8, '0')} ${json}`
}

function parse(file: string, text: string): { state: DurableState; lines: number; goodBytes: number } {
  const lines = text.split('\n')
  // Every whole line ends in a newline: what stands behind the last one was torn off.
  lines.pop()
  const [header, ...rest] = lines
  if (header !== HEADER) {
    const newer = /^baton-votes (\d+)$/.exec(header ?? '')
    if (newer !== null) {
      const hint = 'start the release that wrote it, or upgrade this node'
      throw new BatonError('ERR_VOTES_NEWER', `${file} is of version ${newer[1]}, this release reads 1`, { hint })
    }
    throw damaged(file, 'its first line is not that of a log of votes')
  }
  const state = emptyState(0)
  for (const [i, line] of rest.entries()) {
    const record = parseLine(line)
    if (record === undefined) throw damaged(file, `line ${i + 2} does not fit its checksum`)
    applyRecord(state, record)
  }
  const goodBytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0)
  return { state, lines: rest.length, goodBytes }
}

function parseLine(line: string): DurableRecord | undefined {
  const json = line.slice(9)
  if (line[8] !== ' ' || hash32(json).toString(16).padStart(8, '0') !== line.slice(0, 8)) return undefined
  try {
    return JSON.parse(json) as DurableRecord
  } catch {
    return undefined
  }
}

function rewrite(file: string, state: DurableState): void {
  const temporary = `${file}.tmp`
  try {
    const fd = fs.openSync(temporary, 'w', 0o600)
    fs.writeFileSync(fd, [HEADER, ...recordsOf(state).map(lineOf), ''].join('\n'))
    fs.fsyncSync(fd)
    fs.closeSync(fd)
    fs.renameSync(temporary, file)
    const folder = fs.openSync(path.dirname(file), 'r')
    fs.fsyncSync(folder)
    fs.closeSync(folder)
  } catch (cause) {
    throw unwritable(file, cause)
  }
}

function openForAppend(file: string): number {
  return fs.openSync(file, 'a', 0o600)
}

function readIfThere(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined
    throw new BatonError('ERR_STATE_UNREADABLE', `cannot read ${file}: ${messageOf(cause)}`, { cause })
  }
}

function damaged(file: string, why: string): BatonError {
  const hint = `a voter must not forget its votes: move ${path.dirname(file)} away, run \`baton init\` with the cluster key, and this host joins as a new node`
  return new BatonError('ERR_VOTES_DAMAGED', `${file} is damaged: ${why}`, { hint })
}

function unwritable(file: string, cause: unknown): BatonError {
  const hint = 'look at owner, mode and free space of the folder; a voter whose votes cannot be kept does not vote'
  return new BatonError('ERR_STATE_UNWRITABLE', `cannot write ${file}: ${messageOf(cause)}`, { hint, cause })
}
