import { existsSync } from 'node:fs'
import { runHook } from '../../../src/node/programs/hook.io.js'
import { assert, suite } from '../../harness/suite.js'
import { hook, until } from '../hook-script.js'
import { service } from '../sample.js'

const test = suite('node/programs/hook', 20_000)
const WEB = service('web', 80)
/** Whoever waits for the program that was left running waits longer. */
const SOON_MS = 5_000

test('a hook may leave a program running and print what it likes', async (scope) => {
  const { web } = hook(scope, WEB, 'sleep 8 & head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2; exit 0')
  const begun = performance.now()
  assert.is(await runHook(web.hook, ['add'], {}), undefined)
  assert.ok(performance.now() - begun < SOON_MS)
})

test('a hook that hangs is ended with all that it has started', async (scope) => {
  const { web, calls } = hook(scope, WEB, 'sh -c \'echo $$ >> "$0"; exec sleep 60\' "$(dirname "$0")/calls"; exit 0')
  assert.match((await runHook(web.hook, ['add'], {}, 500)) ?? '', /hook .* add did not end within 0.5 s/)
  const pid = Number(calls().at(-1))
  assert.ok(pid > 1)
  await until(() => !existsSync(`/proc/${pid}`))
})

test.run()
