/** Groups of this host that may use the control sockets: what they are called, and how a socket is opened to one. */
import fs from 'node:fs'
import path from 'node:path'
import { BatonError, messageOf } from '../../base/errors.js'

/** Numbers of groups; `undefined`: nobody but the owner. */
export interface ControlAccess {
  readonly read?: number | undefined
  readonly write?: number | undefined
}

export const READ_SOCKET = 'control-read.sock'

/** `www-data` or `33`. `undefined`: there is no such group here. */
export function groupNumber(text: string): number | undefined {
  if (/^\d{1,10}$/.test(text)) return Number(text)
  const found = rows('/etc/group').find(([name]) => name === text)
  return found === undefined ? undefined : Number(found[2])
}

export function groupName(gid: number): string {
  return rows('/etc/group').find((row) => row[2] === String(gid))?.[0] ?? `${gid}`
}

export function userNameOf(uid: number): string | undefined {
  return rows('/etc/passwd').find((row) => row[2] === String(uid))?.[0]
}

/** `users of group adm`, in words. */
export function ownersOf(access: ControlAccess): string {
  const owner = userNameOf(process.getuid?.() ?? 0) ?? 'the user who runs the node'
  return access.write === undefined ? owner : `members of the group ${groupName(access.write)}, and ${owner},`
}

/**
 * The socket for that group, beside its owner; and its folder for whoever wants to walk through, which shows nobody what is in it.
 * Throws ERR_CONTROL_GROUP.
 */
export function openTo(socket: string, gid: number): void {
  const folder = path.dirname(socket)
  try {
    fs.chownSync(socket, process.getuid?.() ?? -1, gid)
    fs.chmodSync(socket, 0o660)
    fs.chmodSync(folder, (fs.statSync(folder).mode & 0o777) | 0o011)
  } catch (cause) {
    const message = `cannot open ${socket} to the group ${groupName(gid)}: ${messageOf(cause)}`
    const hint = `make the user who runs the node a member of it: usermod -aG ${groupName(gid)} USER`
    throw new BatonError('ERR_CONTROL_GROUP', message, { hint, cause })
  }
}

/** No group is asked for any more: what `openTo` made of the folder is undone. Any other mode is somebody else's choice. */
export function closeAround(socket: string): void {
  const folder = path.dirname(socket)
  try {
    const mode = fs.statSync(folder).mode & 0o777
    if (mode === 0o711) fs.chmodSync(folder, 0o700)
  } catch {
    // What is in it has modes of its own.
  }
}

/** Users and groups that only a directory service knows go by their numbers. */
function rows(file: string): string[][] {
  try {
    return fs
      .readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
  } catch {
    return []
  }
}
