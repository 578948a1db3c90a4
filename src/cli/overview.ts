/** What `baton` alone says: enough to begin, and where the rest is. */
import type { Screen } from './colour.js'
import { renderTable } from './table.js'

const STEPS = [
  ['baton demo', 'see it work: three nodes on this machine, for half a minute'],
  ['baton init', 'make this host a node, of a new cluster or of one whose key you have'],
  ['baton up', 'run the node'],
  ['baton service add', 'give the nodes an address to serve together'],
  ['baton status', 'nodes, services, who directs what, and what is wrong'],
  ['baton splices', 'the connections, with both legs'],
  ['baton why', 'why a node directs a service, or why none does'],
  ['baton doctor', 'what this host can do, what it cannot, and how to get it'],
] as const

export function renderOverview(version: string, screen: Screen): string {
  const columns = [{ title: '' }, { title: '', wraps: true }]
  const rows = STEPS.map(([command, does]) => ({ cells: [{ text: `  ${command}`, style: 'bold' as const }, does] }))
  return [
    `Baton ${version}: one address, every node.`,
    '',
    ...renderTable(columns, rows, screen),
    '',
    'baton COMMAND --help says more, with examples.',
  ].join('\n')
}
