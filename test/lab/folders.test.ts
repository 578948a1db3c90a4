/** What labs leave on disk and in the table of processes, and what they leave alone. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child } from '../../src/lab/child.io.js'
import { LocalCluster } from '../../src/lab/cluster.io.js'
import { DemoFolder } from '../../src/lab/demo-folder.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('lab/folders', 30_000)

test(
  'a demo that is killed leaves neither its folder nor its processes',
  async () => {
    const program = fileURLToPath(new URL('killed-demo.ts', import.meta.url))
    const demo = spawn(process.execPath, ['--import', 'tsx', program], { stdio: ['ignore', 'pipe', 'inherit'] })
    const line = await new Promise<string>((resolve) => demo.stdout.once('data', (data: Buffer) => resolve(`${data}`)))
    const { folder, pid } = JSON.parse(line) as { folder: string; pid: number }
    assert.ok(existsSync(folder) && existsSync(`/proc/${pid}`))
    demo.kill('SIGKILL')
    const isGone = () => (existsSync(folder) || existsSync(`/proc/${pid}`) ? undefined : true)
    await until(isGone, 10_000, `${folder} and process ${pid} are gone`)
  },
  { needs: ['setpriv'] },
)

test('one that ends in order removes its folder itself', () => {
  const folder = DemoFolder.make()
  assert.ok(existsSync(folder.path))
  folder.remove()
  assert.not(existsSync(folder.path))
})

test('a folder that a cluster was given stays, with all that was in it', async (scope) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-given-'))
  scope.defer(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(path.join(folder, 'mine'), '')
  // Its node ends at once: then the cluster is removed.
  const start = (name: string, _: unknown, output: string) => new Child(name, ['false'], output)
  await LocalCluster.start({ addresses: ['127.0.0.1'], folder, start }).then(
    () => assert.unreachable('a node that ended answers'),
    (error: Error) => assert.match(error.message, 'has ended'),
  )
  assert.equal(readdirSync(folder).sort(), ['mine', 'node1', 'node1.log'])
})

test.run()
