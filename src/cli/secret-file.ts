import { readFileSync } from 'node:fs'
import { BatonError, messageOf } from '../base/errors.js'

/** A key or a token from a file, or with `-` from standard input. Throws ERR_KEY_FILE_UNREADABLE. */
export function readSecretFile(file: string): { readonly text: string; readonly source: string } {
  const source = file === '-' ? 'standard input' : file
  try {
    return { text: readFileSync(file === '-' ? 0 : file, 'utf8'), source }
  } catch (cause) {
    throw new BatonError('ERR_KEY_FILE_UNREADABLE', `cannot read the key file ${file}: ${messageOf(cause)}`, {
      hint: 'the key is in cluster.key in the state folder of every node of the cluster',
      cause,
    })
  }
}
