/** What a request is for is the route's to say: its path can be spelt in many ways. */
import http from 'node:http'
import path from 'node:path'
import { silentLogger } from '../../../src/base/log.js'
import { READ_SOCKET } from '../../../src/node/control/control-access.io.js'
import { startControlServer } from '../../../src/node/control/control-server.io.js'
import type { AuditRecord } from '../../../src/node/seeing/audit.js'
import { fakeApi, tempFolder } from '../../cli/fake-node.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('node/control/control-guard', 30_000)

function statusOf(socketPath: string, at: string, method = 'GET'): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath, path: at, method }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode))
    })
    request.on('error', reject).end()
  })
}

test('however its path is spelt, who may only look gets no secret, and each try is noted', async (scope) => {
  const folder = tempFolder(scope)
  const noted: AuditRecord[] = []
  const group = process.getgid?.() ?? 0
  const server = await startControlServer({
    path: path.join(folder, 'control.sock'),
    api: fakeApi([]),
    logger: silentLogger,
    access: { read: group, write: group },
    audit: (record) => void noted.push(record),
  })
  scope.defer(() => server.close())
  const spelt = [
    '/v1/keys/secrets',
    '/v1/keys/%73ecrets',
    '/v1/keys/secrets#x',
    'http://x/v1/keys/secrets',
    '/%76%31/keys/token',
  ]
  const given: string[] = []
  for (const at of spelt) if ((await statusOf(path.join(folder, READ_SOCKET), at)) === 200) given.push(at)
  assert.equal(given, [])
  assert.is(noted.length, spelt.length)
  // And who may do everything is noted as well.
  assert.is(await statusOf(path.join(folder, 'control.sock'), '/v1/keys/%73ecrets'), 200)
  assert.is(noted.length, spelt.length + 1)
})

test.run()
