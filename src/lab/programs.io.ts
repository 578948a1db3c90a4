import { existsSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Endpoint } from '../base/address.js'
import { errnoOf } from '../base/errors.js'
import { Child, END_WITH_US } from './child.io.js'

const HELLO = fileURLToPath(new URL('../../dist/lab/apps/hello.io.js', import.meta.url))

/** Starts the small HTTP server that says which node it is; it expects a PROXY header where `proxy` is set. */
export function helloProgram(name: string, at: Endpoint, folder: string, proxy = true): Child {
  const args = [HELLO, name, at.address, String(at.port), ...(proxy ? ['proxy'] : [])]
  return childHere(`hello ${name}`, [process.execPath, ...args], path.join(folder, `${name}-program.log`))
}

/** A process of this host; where setpriv(1) is there it ends with this one, however this one ends. */
export function childHere(name: string, command: readonly [string, ...string[]], output: string): Child {
  hasSetpriv ??= (process.env['PATH'] ?? '').split(path.delimiter).some((at) => existsSync(path.join(at, 'setpriv')))
  const [program = '', ...args] = hasSetpriv ? [...END_WITH_US, ...command] : command
  return new Child(name, [program, ...args], output)
}

let hasSetpriv: boolean | undefined

/** The first of these addresses that cannot be listened on, with the reason; `undefined` if all can. */
export async function findBusy(wanted: readonly Endpoint[]): Promise<(Endpoint & { code: string }) | undefined> {
  for (const at of wanted) {
    const code = await new Promise<string>((resolve) => {
      const server = net.createServer()
      server.once('error', (error) => resolve(errnoOf(error)))
      server.listen(at.port, at.address, () => server.close(() => resolve('')))
    })
    if (code !== '') return { ...at, code }
  }
  return undefined
}
