/**
 * Aligned columns that fit a width. Where room is short, columns are first shortened to their `min`, then the least
 * needed ones are left out, and only then is everything shortened. The last column may run over several lines.
 */

import { printable } from '../base/printable.js'
import type { Screen, StyledText } from './colour.js'
import { clip, columnsOf, hang, wrap } from './text.js'

export interface Column {
  readonly title: string
  readonly align?: 'right'
  /** May be shortened to so many columns; without it the column keeps its width while anything else can give way. */
  readonly min?: number
  /** Left out where room is short; the highest first. */
  readonly optional?: number
  /** For the last column: run on below instead of being shortened. */
  readonly wraps?: boolean
}

export type Cell = string | StyledText

export interface Row {
  readonly cells: readonly Cell[]
  /** Whole lines under the row, marked with `!`: what is wrong with it. */
  readonly notes?: readonly StyledText[]
}

const GAP = '  '
const NOTE_LEAD = '  ! '

interface Slot {
  readonly column: Column
  readonly index: number
  readonly width: number
}

/** Lines without a trailing blank, the titles first unless all are empty. */
export function renderTable(columns: readonly Column[], rows: readonly Row[], screen: Screen): string[] {
  const slots = fitColumns(columns, rows, screen.width)
  const lines: string[] = []
  if (columns.some(({ title }) => title !== '')) {
    const titles = columns.map(({ title }): Cell => ({ text: title, style: 'dim' }))
    lines.push(...renderRow(slots, { cells: titles }, screen))
  }
  for (const row of rows) lines.push(...renderRow(slots, row, screen))
  return lines
}

function renderRow(slots: readonly Slot[], row: Row, screen: Screen): string[] {
  const last = slots.at(-1)
  const overflow = last?.column.wraps === true ? wrap(textOf(row.cells[last.index]), last.width) : []
  const lines = [
    slots.map((slot) => renderCell(slot, row.cells[slot.index] ?? '', overflow[0], screen)).join(GAP),
    ...overflow.slice(1).map((line) => `${indentOf(slots)}${line}`),
  ]
  for (const { text, style } of row.notes ?? []) {
    lines.push(...hang(NOTE_LEAD, text, screen.width).map((line) => screen.paint(style, line)))
  }
  return lines.map((line) => line.trimEnd())
}

function renderCell(slot: Slot, cell: Cell, firstLine: string | undefined, screen: Screen): string {
  const { column, width } = slot
  const text = column.wraps === true && firstLine !== undefined ? firstLine : clip(textOf(cell), width)
  const painted = typeof cell === 'string' ? text : screen.paint(cell.style, text)
  const blanks = ' '.repeat(Math.max(0, width - columnsOf(text)))
  return column.align === 'right' ? `${blanks}${painted}` : `${painted}${blanks}`
}

function indentOf(slots: readonly Slot[]): string {
  return ' '.repeat(slots.slice(0, -1).reduce((sum, { width }) => sum + width + GAP.length, 0))
}

function fitColumns(columns: readonly Column[], rows: readonly Row[], width: number): Slot[] {
  let slots = columns.map((column, index) => ({ column, index, width: naturalWidth(column, index, rows) }))
  for (;;) {
    const fitted = shrink(slots, width, ({ column, width: natural }) => Math.min(natural, column.min ?? natural))
    if (fitted !== undefined) return fitted
    const leastNeeded = Math.max(...slots.map(({ column }) => column.optional ?? 0))
    if (leastNeeded === 0) return shrink(slots, width, () => 1) ?? slots
    slots = slots.filter(({ column }) => column.optional !== leastNeeded)
  }
}

/** Takes from the widest that can still give, until all fit; `undefined` where they cannot. */
function shrink(slots: readonly Slot[], width: number, floorOf: (slot: Slot) => number): Slot[] | undefined {
  const widths = slots.map((slot) => slot.width)
  const floors = slots.map((slot) => (slot.column.wraps === true ? 16 : floorOf(slot)))
  let excess = widths.reduce((sum, each) => sum + each, GAP.length * (slots.length - 1)) - width
  while (excess > 0) {
    let widest = -1
    for (const [i, each] of widths.entries()) {
      if (each > (floors[i] ?? 0) && each > (widths[widest] ?? 0)) widest = i
    }
    if (widest === -1) return undefined
    widths[widest] = (widths[widest] ?? 0) - 1
    excess--
  }
  return slots.map((slot, i) => ({ ...slot, width: widths[i] ?? slot.width }))
}

function naturalWidth(column: Column, index: number, rows: readonly Row[]): number {
  return rows.reduce(
    (widest, row) => Math.max(widest, columnsOf(printable(textOf(row.cells[index])))),
    columnsOf(column.title),
  )
}

function textOf(cell: Cell | undefined): string {
  return typeof cell === 'object' ? cell.text : (cell ?? '')
}
