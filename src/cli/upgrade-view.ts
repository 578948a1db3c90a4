import type { Screen, StyledText } from './colour.js'
import type { Ability } from './releases.js'
import { type Column, type Row, renderTable } from './table.js'
import { hang } from './text.js'
import { plural } from './units.js'
import type { PlannedNode, UpgradePlan } from './upgrade-plan.js'

const COLUMNS: readonly Column[] = [
  { title: '', align: 'right' },
  { title: 'NODE', min: 14 },
  { title: 'RUNS', min: 8 },
  { title: 'THEN', wraps: true },
]

/** `baton upgrade --check`: what is in the way first, then the order, then what waits for the last. */
export function renderUpgrade(plan: UpgradePlan, screen: Screen): string[] {
  return [
    ...renderVerdict(plan, screen),
    '',
    ...renderTable(COLUMNS, plan.nodes.map(nodeRow), screen),
    ...renderWay(plan, screen),
    ...renderWaiting(plan, screen),
  ]
}

function renderVerdict({ verdict, release, obstacles, cautions, nodes }: UpgradePlan, screen: Screen): string[] {
  const head = {
    done: { text: `All nodes run ${release}.`, style: 'good' },
    ready: { text: `${release} can be started beside what runs: nothing is in the way.`, style: 'good' },
    blocked: {
      text: `Not yet: ${obstacles.length === 1 ? 'one thing is' : `${obstacles.length} things are`} in the way of ${release}.`,
      style: 'bad',
    },
  } as const
  const { text, style }: StyledText = head[verdict]
  const due = nodes.filter(({ state }) => state === 'due').length
  return [
    ...hang('', text, screen.width).map((line) => screen.paint(style, line)),
    ...obstacles.flatMap(({ why, hint }) =>
      hang('  ! ', `${why}; ${hint}`, screen.width).map((line) => screen.paint('bad', line)),
    ),
    ...cautions.flatMap((caution) => hang('  · ', caution, screen.width).map((line) => screen.paint('warn', line))),
    ...(due === 0 || verdict === 'done' ? [] : hang('', `${plural(due, 'node')} to be upgraded.`, screen.width)),
  ]
}

function nodeRow(node: PlannedNode, index: number): Row {
  const { name, release, isGuessed, state } = node
  const runs = release === null ? '?' : isGuessed ? `${release}, as it seems` : release
  return { cells: [state === 'due' ? `${index + 1}.` : '', name, runs, thenCell(node)] }
}

function thenCell({ state, by, role, directs }: PlannedNode): StyledText | string {
  if (state === 'done') return { text: 'done', style: 'good' }
  if (state === 'newer') return { text: 'is beyond it', style: 'warn' }
  if (state === 'away') return { text: 'cannot be reached', style: 'bad' }
  const does =
    role === 'witness' ? 'only votes' : directs.length === 0 ? 'directs nothing' : `directs ${directs.join(', ')}`
  return `${by === 'reload' ? 'reload' : 'stop and start'}: ${does}`
}

function renderWay({ nodes, verdict }: UpgradePlan, screen: Screen): string[] {
  const due = nodes.filter(({ state }) => state === 'due')
  if (due.length === 0 || verdict !== 'ready') return []
  const reload =
    'On one after the other, in this order: install the release, then `baton reload` (`systemctl reload baton`), which costs no connection; go on when `baton status` says that all is well. Where that is refused: `baton stop`, and start it.'
  const restart =
    'Where it says stop and start, the two releases cannot hand a node over: `baton stop` waits for its clients and moves what it directs, then start the new one.'
  const words = due.some(({ by }) => by === 'reload') ? reload : ''
  const more = due.some(({ by }) => by === 'restart') ? restart : ''
  return ['', ...[words, more].filter((text) => text !== '').flatMap((text) => hang('', text, screen.width))]
}

function renderWaiting({ waiting, nodes }: UpgradePlan, screen: Screen): string[] {
  const due = nodes.filter(({ state }) => state === 'due').length
  const listed = (takes: Ability['takes'], title: string) => {
    const abilities = waiting.filter((ability) => ability.takes === takes)
    if (abilities.length === 0) return []
    return [
      '',
      screen.paint('bold', title),
      ...abilities.flatMap(({ what, waitsFor }) => {
        const who = waitsFor.length === due ? '' : ` (for want of ${waitsFor.map(({ name }) => name).join(', ')})`
        return hang('  · ', `${what}${who}`, screen.width)
      }),
    ]
  }
  return [
    ...listed('all', 'Not before all of them are upgraded:'),
    ...listed('both', 'Not with a node that is not upgraded yet:'),
  ]
}
