/** Which of the programs are there, and how to get the others. */
import { findProgram, programPath } from '../test/harness/programs.js'

export { programPath }

/** What is missing, as a command; the names are Debian's, of programs and packages alike. */
export function missingPrograms(...programs: string[]): string | undefined {
  const missing = programs.filter((program) => findProgram(program) === undefined)
  return missing.length === 0 ? undefined : `apt-get install ${missing.join(' ')}`
}
