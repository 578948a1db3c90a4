/** What an import changes, word by word. */
import type { ImportView, ServiceChange } from '../node/control/control-protocol.js'
import type { Screen, Style } from './colour.js'
import { flagOf, wordOf } from './service-words.js'
import { type Row, renderTable } from './table.js'
import { hang } from './text.js'
import { plural } from './units.js'

type Change = ServiceChange['change']

const WORDS: Readonly<Record<Change, { readonly done: string; readonly planned: string; readonly style: Style }>> = {
  added: { done: 'added', planned: 'to add', style: 'good' },
  changed: { done: 'changed', planned: 'to change', style: 'warn' },
  removed: { done: 'removed', planned: 'to remove', style: 'bad' },
  unchanged: { done: 'unchanged', planned: 'unchanged', style: 'dim' },
  kept: { done: 'stays', planned: 'stays', style: 'dim' },
}

export function renderImport({ changes, applied }: ImportView, screen: Screen): string {
  const columns = [{ title: '' }, { title: '', min: 12 }, { title: '' }, { title: '', wraps: true }]
  return [
    ...renderTable(
      columns,
      changes.flatMap((change) => rowsOf(change, applied)),
      screen,
    ),
    ...hang('', summary(changes, applied), screen.width),
    ...(applied ? [] : ['Nothing was written: this was a dry run.']),
  ].join('\n')
}

function rowsOf({ service, change, fields }: ServiceChange, applied: boolean): Row[] {
  const { done, planned, style } = WORDS[change]
  const verb = { text: applied ? done : planned, style }
  const details = fields.map(({ field, from, to }): [string, string] => {
    const value = wordOf(field, to)
    return [flagOf(field), from === null ? value : `${wordOf(field, from)} → ${value}`]
  })
  const note = change === 'kept' ? 'is not in the file; --prune would remove it' : ''
  const [first = ['', note], ...rest] = details
  return [{ cells: [verb, service, ...first] }, ...rest.map((detail) => ({ cells: ['', '', ...detail] }))]
}

function summary(changes: readonly ServiceChange[], applied: boolean): string {
  const counts = (Object.keys(WORDS) as Change[]).flatMap((change) => {
    const count = changes.filter((one) => one.change === change).length
    if (count === 0) return []
    const { done, planned } = WORDS[change]
    return `${count} ${applied ? done : planned}`
  })
  return counts.length === 0 ? 'No services.' : `${plural(changes.length, 'service')}: ${counts.join(', ')}.`
}
