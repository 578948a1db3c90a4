/** What `baton audit` says. */
import type { AuditView } from '../node/control/control-protocol.js'
import type { Screen } from './colour.js'
import { type Column, type Row, renderTable } from './table.js'

const COLUMNS: readonly Column[] = [
  { title: 'WHEN' },
  { title: 'WHO' },
  { title: 'RESULT' },
  { title: 'WHAT', wraps: true },
]

export function renderAudit({ records, isCut }: AuditView, screen: Screen): string[] {
  if (records.length === 0) return ['Nothing has been changed by a command on this node yet.']
  const rows = records.map(({ at, uid, user, command, arguments: told, result, heldBack = 0 }): Row => {
    const who = user ?? (uid === undefined ? 'unknown' : `uid ${uid}`)
    const style = result === 'ok' || result === 'begun' ? 'good' : 'bad'
    return {
      cells: [
        at.slice(0, 19),
        who,
        { text: result, style },
        [command, told, heldBack === 0 ? '' : `(and ${heldBack} more)`].filter((part) => part !== '').join(' '),
      ],
    }
  })
  return [...renderTable(COLUMNS, rows, screen), ...(isCut ? ['Older ones are left out.'] : [])]
}
