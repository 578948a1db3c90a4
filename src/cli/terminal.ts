/** The terminal that a command writes to. */
import { choosePaint, type Screen } from './colour.js'

/** Where no terminal says otherwise: nobody has to read wrapped lines in a file, but a mail or a ticket has a margin. */
const WIDTH_DEFAULT = 100
const WIDTH_MIN = 40

export function screenOf(stream: NodeJS.WriteStream): Screen {
  const asked = Number(process.env['COLUMNS'])
  const width = stream.columns ?? (Number.isInteger(asked) && asked > 0 ? asked : WIDTH_DEFAULT)
  return { width: Math.max(WIDTH_MIN, width), paint: choosePaint(stream.isTTY === true, process.env) }
}
