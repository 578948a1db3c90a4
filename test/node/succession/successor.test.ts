/** Who is asked again when no process took the place of this one, and what is said in the end. */
import type { ChildProcess } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { type Refusal, startSuccessor, TRIES_MAX } from '../../../src/node/succession/successor.io.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('node/succession/successor')
const CHANGED = { why: 'the cluster changed meanwhile: try again', passes: true }
const OTHER = { why: 'it may not open so many', passes: false }

/** Each attempt ends so: by what this node refused, or by what it never heard of. */
async function tried(refusals: readonly (Refusal | undefined)[]) {
  const logged: unknown[] = []
  let starts = 0
  const start = () => {
    const child = new EventEmitter() as ChildProcess
    starts++
    setImmediate(() => child.emit('exit', 1, null))
    return child
  }
  const logger = { log: (_level: string, event: string, fields = {}) => void logged.push([event, fields]) }
  const why = await startSuccessor({ logger, start, refusal: () => refusals[starts - 1] }).catch(
    (error: Error) => error.message,
  )
  return { starts, why, logged }
}

test('what passes by itself is tried again, and every try is told; what does not is not', async () => {
  assert.equal(await tried([CHANGED, OTHER]), {
    starts: 2,
    why: 'the new process has ended with exit code 1: it may not open so many (tried 2 times)',
    logged: [['replacing-again', { why: CHANGED.why, tries: 1 }]],
  })
  const { starts, why } = await tried([undefined])
  assert.equal([starts, why], [1, 'the new process has ended with exit code 1'], 'it never asked')
})

test('not without end', async () => {
  const { starts, why, logged } = await tried(new Array(10).fill(CHANGED))
  assert.equal([starts, logged.length], [TRIES_MAX, TRIES_MAX - 1])
  assert.is(why, `the new process has ended with exit code 1: ${CHANGED.why} (tried ${TRIES_MAX} times)`)
})

test.run()
