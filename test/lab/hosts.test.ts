import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Lan } from '../../src/lab/hosts.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'

const test = suite('lab/hosts', 30_000)
const NEEDS = { needs: ['ip', 'unshare', 'nsenter', 'setpriv'] }

const SERVER = `require('node:net').createServer((s) => s.end('hello')).listen(80, '::', () => console.log('listens'))`

/** What a client on that host gets from there; empty if nothing within a second. */
const client = (address: string) => `
const s = require('node:net').connect(80, '${address}')
s.setTimeout(1000, () => s.destroy()).on('error', () => {}).on('data', (d) => process.stdout.write(d))`

async function lanOf(scope: Scope, ...names: string[]): Promise<Lan> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-lab-'))
  const lan = await Lan.make(
    names.map((name, i) => ({ name, number: i + 1 })),
    folder,
  )
  scope.defer(async () => {
    await lan.remove()
    rmSync(folder, { recursive: true, force: true })
  })
  return lan
}

test(
  'hosts reach each other by both families, and nothing of it is seen outside',
  async (scope) => {
    const outside = readdirSync('/sys/class/net').sort()
    const lan = await lanOf(scope, 'a', 'b')
    const [a, b] = [lan.named('a'), lan.named('b')]
    const server = b.start('server', [process.execPath, '-e', SERVER])
    await until(() => (server.tail() === 'listens' ? true : undefined), 5_000, 'the server listens')
    for (const address of [b.address, b.address6]) {
      assert.is(await a.run(process.execPath, '-e', client(address)), 'hello', address)
    }
    assert.equal(readdirSync('/sys/class/net').sort(), outside)
  },
  NEEDS,
)

test(
  'a cable that is out carries nothing; put in again it does',
  async (scope) => {
    const lan = await lanOf(scope, 'a', 'b')
    const [a, b] = [lan.named('a'), lan.named('b')]
    const server = b.start('server', [process.execPath, '-e', SERVER])
    await until(() => (server.tail() === 'listens' ? true : undefined), 5_000, 'the server listens')
    const ask = () => a.run(process.execPath, '-e', client(b.address))
    assert.is(await ask(), 'hello')
    await b.cableOut()
    assert.is(await ask(), '')
    await b.cableIn()
    await until(async () => ((await ask()) === 'hello' ? true : undefined), 5_000, 'the cable carries again')
    await b.powerOff()
    assert.ok(server.isOver)
    assert.is(await ask(), '')
  },
  NEEDS,
)

test(
  'a partition cuts just its groups off from each other, until it heals',
  async (scope) => {
    const lan = await lanOf(scope, 'a', 'b', 'c')
    const [a, b, c] = [lan.named('a'), lan.named('b'), lan.named('c')]
    const server = b.start('server', [process.execPath, '-e', SERVER])
    await until(() => (server.tail() === 'listens' ? true : undefined), 5_000, 'the server listens')
    const asked = () => Promise.all([a, c].map((host) => host.run(process.execPath, '-e', client(b.address))))
    await lan.partition([a], [b])
    assert.equal(await asked(), ['', 'hello'])
    await lan.partition([a, b], [c])
    assert.equal(await asked(), ['hello', ''])
    await lan.heal()
    assert.equal(await asked(), ['hello', 'hello'])
    await lan.lose(1)
    assert.equal(await asked(), ['', ''])
  },
  { needs: [...NEEDS.needs, 'nft'] },
)

test(
  'when the lab itself is killed nothing stays behind',
  async (scope) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-lab-'))
    scope.defer(() => rmSync(folder, { recursive: true, force: true }))
    const lab = fileURLToPath(new URL('killed-lab.ts', import.meta.url))
    const child = spawn(process.execPath, ['--import', 'tsx', lab, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    const line = await new Promise<string>((resolve) => child.stdout.once('data', (data: Buffer) => resolve(`${data}`)))
    const pids = JSON.parse(line) as number[]
    assert.is(pids.length, 3)
    assert.ok(pids.every((pid) => existsSync(`/proc/${pid}`)))
    child.kill('SIGKILL')
    const isGone = (pid: number) => !existsSync(`/proc/${pid}`)
    await until(() => (pids.every(isGone) ? true : undefined), 5_000, `processes ${pids} end with the lab`)
  },
  NEEDS,
)

test.run()
