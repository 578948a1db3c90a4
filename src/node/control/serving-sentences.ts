/** For `why`: where a service runs, who serves it, and how one of them is chosen. */
import type { Service } from '../../proxy/service.js'
import type { Backend } from '../programs/backend-states.js'
import { hostingSentences, hostingView } from '../programs/hosting-words.js'
import type { Tenures } from '../programs/tenures.js'
import { type ChoiceFacts, whyChosen, whyKeptOut } from './choice.js'
import { servedBy } from './why.js'

/** Of the node. */
export interface ServingNode {
  readonly programs: {
    readonly tenures: Tenures
    readonly states: { readonly backends: (service: Service) => readonly Backend[] }
  }
}

export function servingSentences({ programs }: ServingNode, service: Service, facts: ChoiceFacts): string[] {
  const backends = programs.states.backends(service)
  const hosting = hostingSentences(hostingView(service, programs.tenures, facts.names))
  const heard = [...new Set(backends.map(({ node }) => node))]
  const chosen = heard.length === 0 ? [] : whyChosen(service, facts, heard)
  return [...whyKeptOut(service, facts), ...hosting, ...servedBy(backends), ...chosen]
}
