/** Screens as files: what a person sees is reviewed as text. `UPDATE_GOLDEN=1` writes them anew; read the diff. */
import { readFileSync, writeFileSync } from 'node:fs'
import { columnsOf } from '../../src/cli/text.js'
import { assert } from '../harness/suite.js'

export function assertGolden(name: string, text: string): void {
  const file = new URL(`./golden/${name}.txt`, import.meta.url)
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, `${text}\n`)
  assert.is(`${text}\n`, readFileSync(file, 'utf8'), `${name} differs from test/cli/golden/${name}.txt`)
}

export function assertFits(text: string, width: number): void {
  for (const line of text.split('\n')) assert.ok(columnsOf(line) <= width, `wider than ${width} columns: ${line}`)
}
