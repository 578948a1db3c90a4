/** Reads a declared file from the disk or from standard input; loaded only by commands that are given one. */
import { createReadStream } from 'node:fs'
import { BatonError, messageOf } from '../base/errors.js'
import { type CluaFile, parseCluaFile } from './clua-file.js'
import { type ConfigFile, parseConfigFile } from './config-file.js'
import { FileFault } from './file-fault.js'

/** Thousands of services; whatever is longer is another file. */
const FILE_BYTES_MAX = 1_048_576

/** `-`: standard input. Throws ERR_FILE_READ, ERR_FILE_TOO_LARGE, and ERR_FILE_INVALID with all problems. */
export async function loadConfigFile(file: string): Promise<ConfigFile> {
  const config = parseConfigFile(await readText(file))
  if (config.problems.length > 0) throw new FileFault('ERR_FILE_INVALID', file, config.problems)
  return config
}

/** The same of TruCluster's clua_services. */
export async function loadCluaFile(file: string, address: string): Promise<CluaFile> {
  const clua = parseCluaFile(await readText(file), address)
  if (clua.problems.length > 0) throw new FileFault('ERR_FILE_INVALID', file, clua.problems)
  return clua
}

async function readText(file: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of file === '-' ? process.stdin : createReadStream(file)) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes > FILE_BYTES_MAX) break
    }
  } catch (cause) {
    throw new BatonError('ERR_FILE_READ', `cannot read ${file}: ${messageOf(cause)}`, { cause })
  }
  if (bytes <= FILE_BYTES_MAX) return Buffer.concat(chunks).toString('utf8')
  throw new BatonError('ERR_FILE_TOO_LARGE', `${file} has more than ${FILE_BYTES_MAX} bytes`)
}
