import { formatTerm, type NodeId } from '../../base/ids.js'
import type { Logger } from '../../base/log.js'
import type { ElectionEffect } from '../../election/ports.js'

/** What an operator reads of elections: who directs, since when, why no longer, who votes. */
export function logElection(effect: ElectionEffect, logger: Logger, nameOf: (node: NodeId) => string): void {
  switch (effect.type) {
    case 'acquired': {
      const { service, term, alone } = effect
      const fields = { service, term: formatTerm(term), ...(alone && { alone }) }
      return logger.log(alone ? 'warn' : 'info', 'lease-acquired', fields)
    }
    case 'lost':
      return logger.log('warn', 'lease-lost', {
        service: effect.service,
        term: formatTerm(effect.term),
        why: effect.why,
      })
    case 'observed': {
      const { service, term } = effect
      return logger.log('info', 'director', { service, term: term === undefined ? 'none' : formatTerm(term) })
    }
    case 'electorate':
      return logger.log('info', 'electorate', {
        epoch: effect.epoch,
        voters: effect.voters.map((id) => nameOf(id)).join(','),
      })
    case 'log':
      return logger.log(effect.level, effect.event, effect.fields)
  }
}
