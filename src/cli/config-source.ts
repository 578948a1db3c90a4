/** Reads a declared file from the disk or from standard input; loaded only by commands that are given one. */
import { readFileSync } from 'node:fs'
import { BatonError, messageOf } from '../base/errors.js'
import { type ConfigFile, parseConfigFile } from './config-file.js'
import { FileFault } from './file-fault.js'

/** Thousands of services; whatever is longer is another file. */
const FILE_BYTES_MAX = 1_048_576

/** `-`: standard input. Throws ERR_FILE_READ, ERR_FILE_TOO_LARGE, and ERR_FILE_INVALID with all problems. */
export function loadConfigFile(file: string): ConfigFile {
  const config = parseConfigFile(readText(file))
  if (config.problems.length > 0) throw new FileFault('ERR_FILE_INVALID', file, config.problems)
  return config
}

function readText(file: string): string {
  const bytes = readBytes(file)
  if (bytes.length <= FILE_BYTES_MAX) return bytes.toString('utf8')
  throw new BatonError('ERR_FILE_TOO_LARGE', `${file} has ${bytes.length} bytes, at most ${FILE_BYTES_MAX} are read`)
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file === '-' ? 0 : file)
  } catch (cause) {
    throw new BatonError('ERR_FILE_READ', `cannot read ${file}: ${messageOf(cause)}`, { cause })
  }
}
