/** What `baton install` writes and removes. */
import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { BatonError, errnoOf, messageOf } from '../base/errors.js'
import { STATE_FOLDER, systemdUnit, systemdUser } from './systemd-unit.js'

export interface InstalledFile {
  readonly path: string
  readonly text: string
}

export interface Installation {
  readonly files: readonly InstalledFile[]
  /** Commands that make systemd take notice. */
  readonly commands: readonly (readonly string[])[]
  /** Commands that end the service before its unit goes. */
  readonly endCommands: readonly (readonly string[])[]
  readonly notes: readonly string[]
}

const USER = 'baton'

/** What the unit cannot see. */
const HIDDEN = [
  { folder: /^\/(root|home)\//, words: `a home folder, which the user ${USER} may not be able to read` },
  { folder: /^\/(var\/)?tmp\//, words: 'a temporary folder, and the unit has one of its own (PrivateTmp)' },
]

/** `program`: the file of the baton command. */
export function planInstallation(program: string, root = '/'): Installation {
  const words = (name: string) => [process.execPath, program, name, '--state', STATE_FOLDER]
  const [command, reload] = [words('up'), words('reload')]
  const at = (file: string) => path.join(root, file)
  const notes = [process.execPath, program].flatMap((file) => {
    const where = HIDDEN.find(({ folder }) => folder.test(file))
    return where === undefined ? [] : `${file} is in ${where.words}: install it elsewhere`
  })
  return {
    files: [
      { path: at('etc/systemd/system/baton.service'), text: systemdUnit({ command, reload, user: USER }) },
      { path: at('etc/sysusers.d/baton.conf'), text: systemdUser(USER) },
    ],
    commands: [['systemd-sysusers'], ['systemctl', 'daemon-reload']],
    endCommands: [['systemctl', 'disable', '--now', 'baton.service']],
    notes,
  }
}

/** Throws ERR_INSTALL_EXISTS where a file is another's, or was changed by hand, and ERR_INSTALL_DENIED. */
export function writeInstallation({ files, commands }: Installation, force: boolean): string[] {
  for (const { path: file, text } of files) {
    if (!force && existsSync(file) && readFileSync(file, 'utf8') !== text) {
      const hint =
        '`baton install --print` shows what it would be; put changes into a drop-in (`systemctl edit baton`), or say --force'
      throw new BatonError('ERR_INSTALL_EXISTS', `${file} is there already and differs`, { hint })
    }
  }
  for (const { path: file, text } of files) {
    denied(file, () => {
      mkdirSync(path.dirname(file), { recursive: true })
      writeFileSync(file, text, { mode: 0o644 })
    })
  }
  return commands.flatMap(([program = '', ...args]) => run(program, args))
}

/** What was there and is removed, and what went wrong. */
export function removeInstallation({ files, commands, endCommands }: Installation): {
  readonly removed: readonly string[]
  readonly problems: readonly string[]
} {
  const removed = files.map(({ path: file }) => file).filter((file) => existsSync(file))
  if (removed.length === 0) return { removed, problems: [] }
  for (const file of removed) denied(file, () => accessSync(path.dirname(file), constants.W_OK))
  const problems = endCommands.flatMap(([program = '', ...args]) => run(program, args))
  for (const file of removed) denied(file, () => rmSync(file, { force: true }))
  return {
    removed,
    problems: [...problems, ...commands.slice(1).flatMap(([program = '', ...args]) => run(program, args))],
  }
}

function denied(file: string, act: () => void): void {
  try {
    act()
  } catch (error) {
    const hint = 'run it as root; `baton install --print` needs no right'
    throw new BatonError('ERR_INSTALL_DENIED', `cannot write ${file}: ${errnoOf(error) || messageOf(error)}`, { hint })
  }
}

/** What went wrong, in words: files are there all the same. */
function run(program: string, args: readonly string[]): string[] {
  try {
    execFileSync(program, [...args], { stdio: 'ignore', timeout: 20_000 })
    return []
  } catch (error) {
    return [`run \`${[program, ...args].join(' ')}\` by hand: ${errnoOf(error) || messageOf(error).split('\n')[0]}`]
  }
}
