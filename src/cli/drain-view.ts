import { BatonError } from '../base/errors.js'
import { formatSpan } from '../base/time.js'
import type { DrainView, ProgramDrainView } from '../node/control/control-protocol.js'
import type { Screen } from './colour.js'
import { hang } from './text.js'
import { plural } from './units.js'

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

const LOOK_EVERY_MS = 500
/** A director that has not heard of it yet may have chosen it a moment ago: nobody is told of before that is over. */
const QUIET_LOOKS = 2

/** Until nobody is connected and nothing is hosted; told at each change of the count. Throws ERR_DRAIN_UNDONE. */
export async function drainEnded(
  look: () => Promise<ProgramDrainView>,
  tell: (view: ProgramDrainView) => void,
): Promise<ProgramDrainView> {
  let told: string | undefined
  for (let quiet = 0; ; ) {
    const view = await look()
    const isOver = view.live === 0 && view.hosted.length === 0
    quiet = isOver ? quiet + 1 : 0
    if (!view.drained) throw undone(view)
    if (quiet >= QUIET_LOOKS) return view
    const line = liveLine(view)
    if (!isOver && line !== told) {
      told = line
      tell(view)
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}

/** By another operator, or here in another terminal: what waited for the end must not go on as if it had come. */
function undone({ node, service, live }: ProgramDrainView): BatonError {
  const what = service === null ? node.name : `${service}@${node.name}`
  const left = live === null || live === 0 ? '' : `, with ${plural(live, 'connection')} left`
  const hint = 'nothing was stopped; begin again, or ask who it was: `baton audit` shows it'
  return new BatonError('ERR_DRAIN_UNDONE', `the drain of ${what} was undone meanwhile${left}`, { hint })
}

export function liveLine({ live, hosted, leftMs }: ProgramDrainView): string {
  const parts = [
    live === null ? 'its node does not answer' : plural(live, 'connection'),
    ...(hosted.length === 0 ? [] : [`${hosted.join(', ')} still there`]),
    ...(leftMs === null ? [] : [`${formatSpan(leftMs)} left`]),
  ]
  return parts.join(', ')
}

/** `target` as it was typed. */
export function renderProgramDrain(view: ProgramDrainView, target: string, screen: Screen): string[] {
  const what = view.service === null ? `The programs of ${view.node.name}` : `${view.service} on ${view.node.name}`
  if (!view.drained) return [`${screen.paint('bold', what)}: new connections may come again.`]
  const rest = view.live === 0 && view.hosted.length === 0 ? 'nobody is connected' : liveLine(view)
  return [
    ...hang('', `${what}: no new connections; ${rest}.`, screen.width),
    ...hang('', `Undo: \`baton drain ${target} --undo\``, screen.width),
  ]
}
