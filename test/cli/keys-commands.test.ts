import { assert, suite } from '../harness/suite.js'
import { baton } from './baton.js'
import { SECRET, TOKEN } from './fake-keys.js'
import { startFakeNode } from './fake-node.js'

const test = suite('cli/keys-commands', 30_000)

test('keys are listed without what they are, in words and as JSON, unless that is asked for', async (scope) => {
  const { folder } = await startFakeNode(scope)
  const [words, json, revealed] = await Promise.all([
    baton(['keys', 'list', '--state', folder]),
    baton(['keys', 'list', '--state', folder, '--json']),
    baton(['keys', 'list', '--state', folder, '--reveal']),
  ])
  assert.match(words.stdout, /3f9a0c11d2e4b587 {2}current/)
  assert.is(JSON.parse(json.stdout).keys[0].id, '3f9a0c11d2e4b587')
  assert.not.ok(`${words.stdout}${json.stdout}`.includes('baton-key-1-'))
  assert.match(revealed.stdout, SECRET)
})

test('each step of a rotation is asked for as it was typed, and what stays is a failure to a script', async (scope) => {
  const { folder, asked } = await startFakeNode(scope)
  const run = (...args: string[]) => baton([...args, '--state', folder])
  assert.is((await run('keys', 'add')).exit, 0)
  assert.is((await run('keys', 'use', '77c2', '--force')).exit, 0)
  assert.is((await run('keys', 'remove', '3f9a')).exit, 0)
  assert.is((await run('keys', 'rotate')).exit, 1)
  assert.is((await run('keys', 'use', '00')).exit, 4)
  assert.is((await run('keys', 'token')).stdout, `${TOKEN}\n`)
  assert.is((await run('ban', 'node3')).exit, 0)
  assert.is((await run('unban', 'node3')).exit, 0)
  assert.match((await run('audit')).stdout, 'POST /v1/keys/rotate')
  assert.equal(asked, [
    { what: 'add', id: 'made', force: false },
    { what: 'use', id: '77c2', force: true },
    { what: 'remove', id: '3f9a', force: false },
    { what: 'rotate', force: false },
    { what: 'use', id: '00', force: false },
    { node: 'node3', rotate: false, force: false },
    { unban: 'node3', force: false },
  ])
})

test('a ban that leaves the banned node a key is a failure to a script, and says that the ban holds', async (scope) => {
  const { folder } = await startFakeNode(scope)
  const run = (...args: string[]) => baton(['ban', ...args, '--rotate', '--state', folder])
  const [kept, refused, json] = await Promise.all([run('node3'), run('node4'), run('node4', '--json')])
  assert.equal([kept.exit, refused.exit, json.exit], [1, 1, 1])
  assert.match(kept.stdout.replace(/\s+/g, ' '), 'node3 may know 3f9a0c11d2e4b587')
  assert.match(
    refused.stdout.replace(/\s+/g, ' '),
    /the ban holds, but the keys were not rotated: the ring holds 8 keys/,
  )
  assert.is(JSON.parse(json.stdout).rotationRefused.code, 'ERR_KEY_RING_FULL')
})

test.run()
