/** What a node tells of the programs of its host: those of the users that it may offer, and what keeps it from seeing them. */
import type { Logger } from '../../base/log.js'
import type { ListeningSocket } from '../../kernel/listening-socket.js'
import { SocketTable, type SocketTableOptions } from '../../kernel/socket-table.io.js'

export interface ProgramWatchOptions extends Omit<SocketTableOptions, 'onListeners' | 'onProblem'> {
  /** Whose programs may be backends; missing: everybody's. */
  readonly users: readonly number[] | undefined
  /** What an operator is told in `status`, by the part that it concerns. */
  readonly warnings: Pick<Map<string, string>, 'set' | 'delete'>
  readonly logger: Logger
  readonly onListeners: (listeners: readonly ListeningSocket[]) => void
}

/** Not started yet. */
export function programWatch({ users, warnings, logger, onListeners, ...options }: ProgramWatchOptions): SocketTable {
  return new SocketTable({
    ...options,
    onListeners: (all) => onListeners(users === undefined ? all : all.filter(({ uid }) => users.includes(uid))),
    onProblem: (problem) => {
      if (problem === undefined) {
        warnings.delete('socket-table')
        return logger.log('info', 'socket-table', { why: 'programs of this host are found again' })
      }
      const what = problem.seen === undefined ? 'programs' : 'some programs'
      warnings.set('socket-table', `${what} of this host are not found: ${problem.why}`)
      logger.log('error', 'socket-table', { code: problem.code, why: problem.why })
    },
  })
}
