import { existsSync, readFileSync } from 'node:fs'

import { Workshop } from '../../bench/workshop.io.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('bench/workshop', 5_000)

test('a process does not find what an earlier one of its name said', async (scope) => {
  const shop = new Workshop()
  scope.defer(() => shop.close())
  const first = shop.start('client', ['echo', 'held'])
  await first.ended
  const second = shop.start('client', ['true'])
  await second.ended
  assert.is(readFileSync(first.log, 'utf8'), 'held\n')
  assert.is(readFileSync(second.log, 'utf8'), '')
})

test('closing ends what runs, removes the folder, and lets nothing start', async () => {
  const shop = new Workshop()
  const child = shop.start('sleeper', ['sleep', '60'])
  await shop.close()
  assert.throws(() => process.kill(child.pid, 0), /ESRCH/)
  assert.not(existsSync(shop.folder))
  await shop.run(['true']).then(
    () => assert.unreachable(),
    (error: Error) => assert.match(error.message, /being ended/),
  )
})

test.run()
