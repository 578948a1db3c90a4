import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { assert, suite } from '../harness/suite.js'

const test = suite('cli/doctor', 30_000)
const BATON = fileURLToPath(new URL('../../bin/baton.js', import.meta.url))

test(
  'a user that has a number and no name, as in containers, is examined like any other',
  async () => {
    // It may read what root may, so that it finds the program wherever that lies.
    const rights = ['dac_read_search'].flatMap((name) => [`--inh-caps=+${name}`, `--ambient-caps=+${name}`])
    const who = ['--reuid=54321', '--regid=54321', '--clear-groups', ...rights]
    // Neither HOME nor SHELL, as a container's first process has it.
    const env = { PATH: process.env.PATH }
    const run = promisify(execFile)('setpriv', [...who, process.execPath, BATON, 'doctor', '--json'], { env })
    const { stdout } = await run.catch((error: { stdout: string }) => error)
    assert.is(JSON.parse(stdout).user, 'user 54321', stdout)
  },
  { needs: ['setpriv'], root: true },
)

test.run()
