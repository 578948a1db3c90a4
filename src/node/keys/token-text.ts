import { BatonError } from '../../base/errors.js'
import { type JoinToken, parseToken } from '../../trunk/join-token.js'

export type { JoinToken } from '../../trunk/join-token.js'

const HINT = 'copy the whole line that `baton init` or `baton keys token` printed on a node of the cluster'

/** `source`: what the text is from, for people. Throws ERR_TOKEN_INVALID, and does not quote it. */
export function readToken(text: string, source: string): JoinToken {
  const parsed = parseToken(text)
  if (parsed.type === 'token') return parsed.token
  throw new BatonError('ERR_TOKEN_INVALID', `the token from ${source} is not valid: ${parsed.why}`, { hint: HINT })
}
