/** Users by name or number, as /etc/passwd has them. */
import { readFileSync } from 'node:fs'

export type ReadUsers =
  | { readonly type: 'users'; readonly users: readonly number[] }
  | { readonly type: 'problem'; readonly problem: string }

const PASSWD = '/etc/passwd'

/** `www-data,1000` */
export function readUsers(text: string, passwd = readPasswd()): ReadUsers {
  const byName = new Map(passwd.split('\n').map((line) => [line.split(':')[0] ?? '', Number(line.split(':')[2])]))
  const users: number[] = []
  for (const word of text.split(',').map((part) => part.trim())) {
    const user = /^\d{1,10}$/.test(word) ? Number(word) : byName.get(word)
    if (user === undefined || Number.isNaN(user))
      return { type: 'problem', problem: `there is no user '${word.slice(0, 40)}' here` }
    users.push(user)
  }
  return { type: 'users', users: [...new Set(users)] }
}

/** Users that only a directory service knows go by their numbers. */
function readPasswd(): string {
  try {
    return readFileSync(PASSWD, 'utf8')
  } catch {
    return ''
  }
}
