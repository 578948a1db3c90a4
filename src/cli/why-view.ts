/** `baton why`: the reasons in sentences, then who else could direct, then what the voters said. */
import type { WhyView } from '../node/control/control-protocol.js'
import type { Screen } from './colour.js'
import type { Cell } from './table.js'
import { renderTable } from './table.js'
import { hang } from './text.js'

export function renderWhy(view: WhyView, screen: Screen): string {
  const lines = [titleOf(view, screen), '', ...view.sentences.flatMap((sentence) => hang('  ', sentence, screen.width))]
  if (view.candidates.length > 0) lines.push('', ...renderCandidates(view, screen))
  if (view.votes.length > 0) lines.push('', ...renderVotes(view, screen))
  return lines.join('\n')
}

function titleOf({ service, director, term }: WhyView, screen: Screen): string {
  if (director === null) return `${screen.paint('bold', service)}: ${screen.paint('bad', 'no director')}`
  const inTerm = term === null ? '' : screen.paint('dim', ` (term ${term.number})`)
  return `${screen.paint('bold', service)}: directed by ${screen.paint('good', director.name)}${inTerm}`
}

function renderCandidates({ candidates, director }: WhyView, screen: Screen): string[] {
  const columns = [
    { title: 'RANK', align: 'right' as const },
    { title: 'CANDIDATE', min: 12 },
    { title: 'CAN DIRECT' },
    { title: 'NOTE', wraps: true },
  ]
  const inOrder = [...candidates].sort((a, b) => a.rank - b.rank)
  const rows = inOrder.map(({ id, name, rank, eligible, note }) => {
    const can: Cell = eligible ? { text: 'yes', style: 'good' } : { text: 'no', style: 'warn' }
    return { cells: [String(rank), id === director?.id ? { text: name, style: 'bold' as const } : name, can, note] }
  })
  return renderTable(columns, rows, screen)
}

function renderVotes({ votes }: WhyView, screen: Screen): string[] {
  const columns = [
    { title: 'VOTER', min: 12 },
    { title: 'ANSWER', wraps: true },
  ]
  return renderTable(
    columns,
    votes.map(({ voter, answer }) => ({ cells: [voter.name, answer] })),
    screen,
  )
}
