import { createInterface } from 'node:readline/promises'
import { BatonError } from '../base/errors.js'

/** `true` for y or yes. Throws ERR_CONFIRM_USAGE without a terminal: nobody is there to say it. */
export async function confirm(
  question: string,
  streams = { input: process.stdin, output: process.stderr },
): Promise<boolean> {
  if (streams.input.isTTY !== true) {
    const hint = 'look at what it would do, then say --yes'
    throw new BatonError('ERR_CONFIRM_USAGE', 'there is no terminal on which this could be confirmed', { hint })
  }
  const lines = createInterface(streams)
  try {
    // The end of input, and Ctrl-C, leave the question open for ever.
    const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')))
    const answer = await Promise.race([lines.question(`${question} [y/N] `), closed])
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    lines.close()
  }
}
