import type { DrainView } from '../node/control-protocol.js'
import type { Screen } from './colour.js'
import { hang } from './text.js'

/** What moved where, what could not, and the way back. */
export function renderDrain({ node, drained, moved, still }: DrainView, screen: Screen): string[] {
  const name = screen.paint('bold', node.name)
  if (!drained) return [`${name} may direct again; what others direct stays with them (\`baton move\`).`]
  const rows = moved.map(({ service, to }) => `  ${service} is directed by ${to?.name ?? 'another node'} now.`)
  const kept = still.flatMap((service) =>
    hang('  ! ', `${service} is still directed by ${node.name}: no other node has taken it yet.`, screen.width),
  )
  return [
    still.length === 0 ? `${name} directs nothing, and takes nothing.` : `${name} takes nothing any more.`,
    ...rows,
    ...kept.map((line) => screen.paint('bad', line)),
    ...hang(
      '',
      `It votes and serves connections as before. Undo: \`baton drain --director ${node.name} --undo\``,
      screen.width,
    ),
  ]
}
