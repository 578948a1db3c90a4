import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import path from 'node:path'

const POSTGRESQL = '/usr/lib/postgresql'

/** Debian puts daemons into sbin, which an ordinary user's PATH leaves out, and PostgreSQL's into a folder for each version. */
const FOLDERS = [
  ...(process.env['PATH'] ?? '').split(':'),
  ...['/usr/sbin', '/usr/local/sbin', '/sbin'],
  ...(existsSync(POSTGRESQL) ? readdirSync(POSTGRESQL) : []).map((version) => `${POSTGRESQL}/${version}/bin`),
]

/** The full path of a program, or `undefined` where it is not installed. Of a part of one, such as a module, the path is its name. */
export function findProgram(name: string): string | undefined {
  if (path.isAbsolute(name)) return existsSync(name) ? name : undefined
  for (const folder of FOLDERS) {
    const file = path.join(folder, name)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      // not here
    }
  }
  return undefined
}

export function programPath(name: string): string {
  const file = findProgram(name)
  if (file === undefined) throw new Error(`${name} is not installed`)
  return file
}
