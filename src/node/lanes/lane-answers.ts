/** What every lane answers to a message for all of them. It is passed on once, when the last one has. */
import type { FromLane, ToLane } from '../../proxy/lane-protocol.js'

export type SharedAnswer = Extract<
  FromLane,
  { type: 'undirected' | 'moved-out' | 'known' | 'quiet' | 'let-gone' | 'rehearsed' }
>

/** As it is when nothing is in the way. */
export function answerTo(message: ToLane): SharedAnswer | undefined {
  switch (message.type) {
    case 'direct':
      return { type: 'known', service: message.service, term: message.term }
    case 'undirect':
      return { type: 'undirected', service: message.service, slot: message.slot }
    case 'move-out':
      return { type: 'moved-out', service: message.service, term: message.term }
    case 'hush':
      return { type: 'quiet', service: message.service, term: message.term }
    case 'let-go':
      return { type: 'let-gone', service: message.service, term: message.term }
    case 'rehearse':
      return { type: 'rehearsed', rehearsal: message.rehearsal, why: '' }
    default:
      return undefined
  }
}

/** What it answers. Services of one address share a slot. */
export function answerKey(answer: SharedAnswer): string {
  if (answer.type === 'rehearsed') return `rehearsed ${answer.rehearsal}`
  if (answer.type === 'undirected') return `undirected ${answer.slot} ${answer.service}`
  return `${answer.type} ${answer.term.number} ${answer.term.holder} ${answer.service}`
}
