/**
 * Loaded before anything else: a user that has a number and no name, as in containers. Node throws where such a user's
 * home or shell is asked for and the environment names none, and the command line's libraries ask for both as they load.
 */
import { homedir, userInfo } from 'node:os'

if (throws(homedir)) process.env.HOME = '/'
if (throws(userInfo)) process.env.SHELL ??= '/bin/sh'

function throws(ask: () => unknown): boolean {
  try {
    ask()
    return false
  } catch {
    return true
  }
}
