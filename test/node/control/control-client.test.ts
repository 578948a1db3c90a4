/** What a command does when the process that it asks ends before it answers. */
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { ControlClient } from '../../../src/node/control/control-client.io.js'
import { assert, type Scope, suite } from '../../harness/suite.js'

const test = suite('node/control/control-client', 10_000)

/** Ends each of the first connections without a word, as a process that is replaced does; then answers. */
async function mute(scope: Scope, times: number): Promise<{ client: ControlClient; asked: string[] }> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-mute-'))
  const asked: string[] = []
  const server = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    if (asked.length <= times) request.socket.destroy()
    else response.end('{"splices":[]}')
  })
  const file = path.join(folder, 'control.sock')
  await new Promise<void>((resolve) => server.listen(file, resolve))
  scope.defer(() => {
    server.close()
    rmSync(folder, { recursive: true })
  })
  return { client: new ControlClient(file), asked }
}

test('who only looks looks again, at whoever listens next', async (scope) => {
  const { client, asked } = await mute(scope, 2)
  assert.equal(await client.splices({ limit: 1 }), { splices: [] })
  assert.is(asked.length, 3)
})

test('what changes something is asked once, and not known to have been done', async (scope) => {
  const { client, asked } = await mute(scope, 1)
  const why = await client.stop().then(
    () => 'done',
    (error: { code?: string }) => error.code,
  )
  assert.equal([why, asked.length], ['ERR_CONTROL_FAILED', 1])
})

test('nobody comes: the failure is told', async (scope) => {
  const { client } = await mute(scope, 1_000_000)
  const why = await client.splices({ limit: 1 }).catch((error: { code?: string }) => error.code)
  assert.is(why, 'ERR_CONTROL_FAILED')
})

test.run()
