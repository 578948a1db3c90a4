/** PostgreSQL on a shared folder, relocated and killed under clients that write: what was committed is there, and never two run. */
import { assert, suite } from '../harness/suite.js'
import { PORT, PostgresSite } from './postgres-site.js'

const test = suite('cluster/single-postgres, long', 600_000)
const TIMES = Number(process.env['TIMES'] ?? 10)
const CHECKS = ['--check-interval', '500ms', '--check-timeout', '2s', '--failure-threshold', '0']
const NEEDS = { needs: ['setpriv', 'initdb', 'pg_ctl', 'psql'], root: true }
/** Between a fault and the next: writers write in peace. */
const PEACE_MS = 2_000

class Writer {
  readonly written: number[] = []
  readonly gaps: number[] = []
  failed = 0
  isOver = false
  readonly #done: Promise<void>

  constructor(
    private readonly site: PostgresSite,
    private readonly name: string,
  ) {
    this.#done = this.#write()
  }

  async stop(): Promise<void> {
    this.isOver = true
    await this.#done
  }

  async #write(): Promise<void> {
    let last = Date.now()
    for (let i = 1; !this.isOver; i++) {
      const answer = await this.site.ask(`INSERT INTO said VALUES ('${this.name}', ${i}) RETURNING i`)
      if (answer !== String(i)) {
        this.failed++
        await new Promise((resolve) => setTimeout(resolve, 50))
        continue
      }
      this.written.push(i)
      this.gaps.push(Date.now() - last)
      last = Date.now()
    }
  }
}

async function under(site: PostgresSite, what: string, faults: () => Promise<void>): Promise<Writer[]> {
  const writers = ['a', 'b', 'c'].map((name) => new Writer(site, `${what} ${name}`))
  await faults()
  await Promise.all(writers.map((writer) => writer.stop()))
  const long = writers.flatMap(({ gaps }) => gaps.filter((gap) => gap > 500)).sort((a, b) => a - b)
  const at = (share: number) => long[Math.floor(share * (long.length - 1))] ?? 0
  const sum = (of: (writer: Writer) => number) => writers.reduce((total, writer) => total + of(writer), 0)
  process.stdout.write(
    `${what} ${TIMES} times on port ${PORT}: ${sum(({ written }) => written.length)} rows, ${sum(({ failed }) => failed)} tries failed; ` +
      `${long.length} gaps above 500 ms, median ${at(0.5)} ms, longest ${at(1)} ms\n`,
  )
  return writers
}

test(
  `PostgreSQL relocated ${TIMES} times, then killed ${TIMES} times`,
  async (scope) => {
    const site = await PostgresSite.build(scope, ...CHECKS)
    const { cluster } = site.fixture
    assert.is(await site.ask('CREATE TABLE said (who text, i int, PRIMARY KEY (who, i))'), '')
    const peace = () => new Promise((resolve) => setTimeout(resolve, PEACE_MS))
    const relocated = await under(site, 'relocated', async () => {
      let at = await site.active()
      for (let i = 0; i < TIMES; i++) {
        await cluster.baton(cluster.live()[i % 3] ?? site.fixture.cluster.named(at), 'relocate', 'postgres')
        at = await site.active(at)
        await peace()
      }
    })
    const killed = await under(site, 'killed', async () => {
      for (let i = 0; i < TIMES; i++) {
        await site.active()
        const { pid } = site
        if (pid !== undefined) process.kill(pid, 'SIGKILL')
        await peace()
      }
      await site.active()
    })
    const rows = (await site.ask("SELECT who || ' ' || i FROM said"))?.split('\n') ?? []
    const there = new Set(rows)
    for (const [what, writers] of [
      ['relocated', relocated],
      ['killed', killed],
    ] as const) {
      writers.forEach(({ written }, i) => {
        const missing = written.filter((row) => !there.has(`${what} ${'abc'[i]} ${row}`))
        assert.equal(missing, [], `rows of writer ${i} that were committed while it was ${what}`)
      })
    }
    site.assertNeverTwo()
  },
  NEEDS,
)

test.run()
