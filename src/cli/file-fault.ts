/** A file that cannot be used: all that is wrong with it, as `FILE:LINE:COLUMN: problem`, and as a list for programs. */
import { BatonError } from '../base/errors.js'
import type { FileProblemView } from '../node/control/control-protocol.js'
import { hintInFlags } from './flag-words.js'
import { plural } from './units.js'

export class FileFault extends BatonError {
  constructor(
    code: 'ERR_FILE_INVALID' | 'ERR_IMPORT_CONFLICT',
    file: string,
    readonly problems: readonly FileProblemView[],
  ) {
    const lines = problems.map(({ line, column, problem, hint: way }) => {
      return `${file}:${line}:${column}: ${problem}${way === undefined ? '' : `; ${hintInFlags(way)}`}`
    })
    super(code, [`${plural(problems.length, 'problem')} in ${file}; nothing was changed`, ...lines].join('\n'))
  }
}
