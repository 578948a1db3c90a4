import { spawnSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { TermStore } from '../../src/election/term-store.io.js'
import { tempFolder } from '../cli/fake-node.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('election/term-store', 10_000)

const A = 'a'.repeat(32)
const BUILT = fileURLToPath(new URL('../../dist/election/term-store.io.js', import.meta.url))

test('a vote is read again; a line that a crash tore off is cut away', (scope) => {
  const file = path.join(tempFolder(scope), 'votes')
  const store = TermStore.open(file, 1, A)
  store.append([{ kind: 'vote', service: 'web', term: { number: 7, holder: A, boot: 1 } }])
  store.close()
  appendFileSync(file, '0a1b2c3d {"kind":"vo')
  const again = TermStore.open(file, 1, A)
  assert.is(again.state.votes.get('web')?.number, 7)
  again.append([{ kind: 'vote', service: 'web', term: { number: 8, holder: A, boot: 1 } }])
  again.close()
  const last = TermStore.open(file, 1, A)
  assert.is(last.state.votes.get('web')?.number, 8)
  last.close()
})

test('on a disk that fills up every vote that was taken is there, and the first that is not is an error', (scope) => {
  const file = path.join(tempFolder(scope), 'votes')
  // The limit on the size of files (setrlimit(2)) cuts a write short exactly as a full disk does.
  const work = `
    import { TermStore } from ${JSON.stringify(BUILT)}
    const store = TermStore.open(${JSON.stringify(file)}, '${A}')
    let number = 0
    try {
      for (; number < 1000; number++) {
        const record = { kind: 'vote', service: 'web', term: { number: number + 1, holder: '${A}' } }
        store.append([record])
      }
    } catch (error) {
      console.log(JSON.stringify({ number, code: error.code }))
    }`
  const script = 'ulimit -f 1 && exec "$0" --input-type=module -e "$1"'
  const child = spawnSync('sh', ['-c', script, process.execPath, work], { encoding: 'utf8' })
  const { number, code } = JSON.parse(child.stdout) as { number: number; code: string }
  assert.is(code, 'ERR_STATE_UNWRITABLE', child.stderr)
  const store = TermStore.open(file, 1, A)
  assert.is(store.state.votes.get('web')?.number, number)
  store.close()
})

test.run()
