/**
 * One JSON document on disk that survives a crash at any moment: it is written beside the old one, flushed, renamed over
 * it, and the folder is flushed too, so a reader finds the old document or the new one, never a part.
 *
 *   { "format": "baton-registry", "version": 1, "checksum": "0a1b2c3d", "body": … }
 *
 * The checksum covers format, version and body; it finds a disk's fault and an edit by hand, not a forger. Calls block
 * for one flush of the disk: votes and settings change rarely, and a vote may not leave before it is durable.
 */
import fs from 'node:fs'
import path from 'node:path'

import { BatonError, errnoOf, messageOf } from './errors.js'
import { hash32 } from './hash.js'

export interface StateDocument {
  /** 1 … `versionMax` of the caller. */
  readonly version: number
  /** Plain JSON; its shape is the caller's to check (`stateDamaged` is the error to throw). */
  readonly body: unknown
}

/** No document of ours comes near; a larger file is not ours. */
const FILE_BYTES_MAX = 64 * 1024 * 1024

/**
 * `undefined` if there is no such file. Throws ERR_STATE_DAMAGED, ERR_STATE_NEWER or ERR_STATE_UNREADABLE, each with the
 * file's name and the way out.
 */
export function loadStateFile(file: string, format: string, versionMax: number): StateDocument | undefined {
  const text = read(file)
  if (text === undefined) return undefined
  const document = parse(file, text)
  if (document['format'] !== format) {
    throw stateDamaged(file, `it is not a '${format}' file: its format is ${JSON.stringify(document['format'])}`)
  }
  const { version, body } = document
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
    throw stateDamaged(file, `its version is ${JSON.stringify(version)}`)
  }
  // Before the checksum: a newer release may compute it in another way.
  if (version > versionMax) throw stateNewer(file, version, versionMax)
  const checksum = checksumOf(format, version, body)
  if (document['checksum'] !== checksum) {
    throw stateDamaged(file, `its checksum is ${JSON.stringify(document['checksum'])}, its content gives "${checksum}"`)
  }
  return { version, body }
}

/** Durable when it returns; mode 0600. Throws ERR_STATE_UNWRITABLE, and then the old document is still there. */
export function saveStateFile(file: string, format: string, version: number, body: unknown): void {
  const document = { format, version, checksum: checksumOf(format, version, body), body }
  replaceFile(file, `${JSON.stringify(document, undefined, 1)}\n`)
}

/** As `saveStateFile`, for a file of another form. */
export function replaceFile(file: string, text: string): void {
  // One writer owns the folder, so one name will do; what a crash leaves under it the next save overwrites.
  const temporary = `${file}.tmp`
  try {
    write(temporary, text)
    fs.renameSync(temporary, file)
    flushFolder(path.dirname(file))
  } catch (cause) {
    throw new BatonError('ERR_STATE_UNWRITABLE', `cannot write ${file}: ${messageOf(cause)}`, {
      hint: `look at owner, mode and free space of ${path.dirname(file)}`,
      cause,
    })
  }
}

/** For a document whose envelope is sound but whose body is not what the format demands. */
export function stateDamaged(file: string, why: string, cause?: unknown): BatonError {
  return new BatonError('ERR_STATE_DAMAGED', `${file} is damaged: ${why}`, {
    hint: `restore ${file} from a copy, or move it away: the node then starts as if it had never had one`,
    cause,
  })
}

function stateNewer(file: string, version: number, versionMax: number): BatonError {
  return new BatonError(
    'ERR_STATE_NEWER',
    `${file} was written by a newer release: its version is ${version}, this release reads up to ${versionMax}`,
    { hint: `start the release that wrote it, or move ${file} away` },
  )
}

function read(file: string): string | undefined {
  try {
    const bytes = fs.statSync(file).size
    if (bytes > FILE_BYTES_MAX) throw stateDamaged(file, `it has ${bytes} bytes, at most ${FILE_BYTES_MAX} are read`)
    return fs.readFileSync(file, 'utf8')
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined
    if (cause instanceof BatonError) throw cause
    throw new BatonError('ERR_STATE_UNREADABLE', `cannot read ${file}: ${messageOf(cause)}`, {
      hint: `look at owner and mode of ${file} and of its folder`,
      cause,
    })
  }
}

function parse(file: string, text: string): Readonly<Record<string, unknown>> {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (cause) {
    throw stateDamaged(file, text === '' ? 'it is empty' : `it is no JSON (${messageOf(cause)})`, cause)
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw stateDamaged(file, 'it holds no JSON object')
  }
  return document as Record<string, unknown>
}

/** Over the body's text as we would write it, so that layout does not count. JSON read and written again is the same. */
function checksumOf(format: string, version: number, body: unknown): string {
  return hash32(`${format}\n${version}\n${JSON.stringify(body)}`)
    .toString(16)
    .padStart(8, '0')
}

function write(file: string, text: string): void {
  const fd = fs.openSync(file, 'w', 0o600)
  try {
    // The mode given to open counts only for a new file.
    fs.fchmodSync(fd, 0o600)
    fs.writeFileSync(fd, text)
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}

/** The rename itself is durable only once the folder is. */
function flushFolder(folder: string): void {
  const fd = fs.openSync(folder, 'r')
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}
