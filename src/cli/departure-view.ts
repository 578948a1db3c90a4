import type { DepartureView } from '../node/control/control-protocol.js'
import type { Screen } from './colour.js'
import { hang } from './text.js'
import { plural } from './units.js'

/** Who is gone, who votes now, and what that is good for. */
export function renderDeparture(verb: 'left' | 'forgotten', view: DepartureView, screen: Screen): string[] {
  const { gone, voters } = view
  const lines = gone.map(
    ({ name }) => `${screen.paint('bold', name)} ${verb === 'left' ? 'has left' : 'is forgotten'}.`,
  )
  if (voters.length === 0) return lines
  const quorum = Math.floor(voters.length / 2) + 1
  const spare = voters.length - quorum
  const what = spare === 0 ? 'none of them may be lost' : `${plural(spare, 'of them', 'of them')} may be lost`
  return [...lines, ...hang('Voters   ', `${voters.map(({ name }) => name).join(', ')}: ${what}.`, screen.width)]
}
