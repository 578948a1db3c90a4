/**
 * docs/quick-start.md, typed block by block on the lab that the page itself makes, by somebody who has read nothing else. What it
 * says will be seen has to be seen. Namespaces have their names in a mount namespace of the test's, and all processes are in a PID
 * namespace that ends with it.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child, END_WITH_US } from '../../src/lab/child.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { type Block, blocksOf, missing } from './quick-start-page.js'

const test = suite('cluster/quick-start, long', 140_000)
const NEEDS = { needs: ['ip', 'unshare', 'nsenter', 'setpriv', 'socat'], root: true }
const PAGE = readFileSync(new URL('../../docs/quick-start.md', import.meta.url), 'utf8')
const BIN = fileURLToPath(new URL('../../bin/baton.js', import.meta.url))
const NODES = ['alpha', 'beta', 'gamma']
/** Steps that fetch from the registry: a reader has done them, and the test runs what is built here. */
const DONE_BEFORE = ['source', 'install']

class Reader {
  readonly #folder = mkdtempSync(path.join(os.tmpdir(), 'baton-quick-'))
  readonly #blocks = blocksOf(PAGE.replaceAll('/tmp/lab', `${this.#folder}/lab`))
  readonly #world: Child
  #typed = 0
  #inside = ''

  constructor() {
    mkdirSync('/run/netns', { recursive: true })
    mkdirSync(`${this.#folder}/bin`)
    symlinkSync(BIN, `${this.#folder}/bin/baton`)
    const flags = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '--mount-proc']
    const hold = 'mount -t tmpfs none /run/netns && echo ready && exec sleep 1000'
    const [first = '', ...rest] = [...END_WITH_US, 'unshare', ...flags, 'sh', '-c', hold]
    this.#world = new Child('world', [first, ...rest], `${this.#folder}/world.log`)
  }

  async arrive(): Promise<void> {
    await until(() => /ready/.test(this.#world.tail()) || undefined, 5_000, 'the world of the lab stands')
    const { pid } = this.#world
    this.#inside = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  }

  get blocks(): readonly Block[] {
    return this.#blocks.filter(({ host }) => !DONE_BEFORE.includes(host))
  }

  /** Types a block in the terminal of a host, and waits until the prompt is back; what came of it. */
  async type(block: Block, host: string, token = ''): Promise<string> {
    const { output, ended } = this.leave(block, host, token)
    const code = await ended
    const seen = readFileSync(output, 'utf8')
    if (code !== 0) throw new Error(`on ${host}: ${block.text}exit code ${code}\n${seen}`)
    return seen
  }

  /** The same, and does not wait. */
  leave(block: Block, host: string, token = ''): { readonly output: string; readonly ended: Promise<number> } {
    this.#typed++
    const output = `${this.#folder}/typed-${this.#typed}.log`
    const script = `${this.#folder}/typed-${this.#typed}.sh`
    writeFileSync(script, `set -e\n${block.text.replaceAll('baton-token-1-…', token)}`)
    const way = this.#blocks.find(({ kind, host: of }) => kind === 'enter' && of === host)?.text.trim() ?? 'exec bash'
    const file = openSync(output, 'w')
    const enter = ['--target', this.#inside, '--mount', '--pid', 'bash', '-c', `${way} -s`]
    const child = spawn('nsenter', enter, {
      stdio: [openSync(script, 'r'), file, file],
      env: { ...process.env, PATH: `${this.#folder}/bin:${process.env['PATH']}` },
    })
    return { output, ended: new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1))) }
  }

  async go(): Promise<void> {
    await this.#world.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

async function readerOf(scope: Scope): Promise<Reader> {
  const reader = new Reader()
  scope.defer(() => reader.go())
  await reader.arrive()
  return reader
}

const STATUS: Block = { kind: 'on', host: 'alpha', withinMs: 0, text: 'baton status --json\n' }

/** Who directs, as the column DIRECTOR says it to `asked`. */
async function directorOf(reader: Reader, asked: string): Promise<string> {
  const { services } = JSON.parse(await reader.type(STATUS, asked))
  return services[0].director.name
}

test(
  'what the page has typed does what the page says',
  async (scope) => {
    const reader = await readerOf(scope)
    const onLab = reader.blocks.filter(({ host }) => host.startsWith('lab'))
    const [make, end] = onLab
    if (make === undefined || end === undefined) throw new Error('the page makes no lab')
    await reader.type(make, 'lab')

    let token = ''
    let killed = ''
    let client = ''
    let last = { typed: make, host: '', seen: '' }
    const survivor = () => NODES.find((name) => name !== killed) ?? ''
    const place = async (host: string): Promise<string> => {
      if (host === 'killed') return killed
      if (host !== 'director' && host !== 'other') return host
      const director = await directorOf(reader, survivor())
      if (host === 'director') return director
      if (killed === '') killed = director
      return survivor()
    }
    const counted = () => readFileSync(client, 'utf8').trim().split('\n')

    for (const block of reader.blocks) {
      if (block.kind === 'enter' || onLab.includes(block)) continue
      if (block.kind === 'of' && block.host === 'client') {
        const from = counted().length
        await until(() => counted().length > from + 3 || undefined, 15_000, 'the client counts on')
        assert.is(missing(block.text, counted().join('\n')), undefined, counted().join('\n'))
      } else if (block.kind === 'of') {
        const { typed, host } = last
        const end = performance.now() + typed.withinMs
        while (missing(block.text, last.seen) !== undefined && performance.now() < end) {
          last = { ...last, seen: await reader.type(typed, host) }
        }
        assert.is(missing(block.text, last.seen), undefined, `on ${host}: ${typed.text}${last.seen}`)
      } else if (block.host === 'client') {
        client = reader.leave(block, 'client').output
      } else {
        const host = await place(block.host)
        const typed = () => reader.type(block, host, token)
        const patient = () => until(() => typed().catch(() => undefined), block.withinMs, `answered: ${block.text}`)
        last = { typed: block, host, seen: await (block.withinMs > 0 ? patient() : typed()) }
        token = /baton-token-1-\w+/.exec(last.seen)?.[0] ?? token
        if (/baton init/.test(block.text))
          await until(() => reader.type(STATUS, host).catch(() => undefined), 10_000, 'up')
      }
      if (block.host === 'killed') {
        const seen = { ...STATUS, text: 'baton status\n' }
        const isWell = async () => /All is well/.test(await reader.type(seen, survivor())) || undefined
        await until(isWell, 20_000, 'all is well again')
      }
    }

    const from = counted().length
    await until(() => counted().length > from + 3 || undefined, 15_000, 'the client counts on after the move')
    const [first = ''] = counted()
    const host = first.split(' ')[1]
    assert.equal(
      counted(),
      counted().map((_, i) => `${i + 1} ${host}`),
      'no line is missing, none comes twice',
    )
    assert.not(killed === (await directorOf(reader, survivor())) && killed === host)
    await reader.type(end, 'lab')
    assert.is((await reader.type({ ...STATUS, text: 'ip netns list\n' }, 'lab')).trim(), '')
  },
  NEEDS,
)

test.run()
