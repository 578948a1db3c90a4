import net from 'node:net'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Endpoint } from '../base/address.js'
import { errnoOf } from '../base/errors.js'
import { Child } from './child.io.js'

const HELLO = fileURLToPath(new URL('../../dist/lab/apps/hello.io.js', import.meta.url))

/** Starts the small HTTP server that says which node it is; it expects a PROXY header where `proxy` is set. */
export function helloProgram(name: string, at: Endpoint, folder: string, proxy = true): Child {
  const args = [HELLO, name, at.address, String(at.port), ...(proxy ? ['proxy'] : [])]
  return new Child(`hello ${name}`, [process.execPath, ...args], path.join(folder, `${name}-program.log`))
}

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
