import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { assert, suite } from '../harness/suite.js'

const test = suite('kernel/tun-heir', 20_000)
const MAIN = fileURLToPath(new URL('tun-heir-main.ts', import.meta.url))

test(
  'a device lives on with a second process when the first is killed, its addresses on it, and goes with that one',
  async (scope) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-tun-'))
    scope.defer(() => rmSync(folder, { recursive: true }))
    const words = ['-n', process.execPath, '--import', 'tsx', MAIN, 'first', path.join(folder, 'sock')]
    const child = spawn('unshare', words, { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    child.stdout.on('data', (chunk) => {
      said += String(chunk)
    })
    await once(child.stdout, 'end')
    assert.equal(said.split('\n').slice(0, -1), [
      'first has it: 10.99.0.1 fd99::1',
      'on top: /dev/net/tun true',
      'second alone: 10.99.0.1 fd99::1',
      'knows: 10.99.0.1 fd99::1; again 0',
      'one taken away: 10.99.0.1',
      'closed: ',
    ])
  },
  { needs: ['unshare'], root: true },
)

test.run()
