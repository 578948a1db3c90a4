/** The daemon relocated 50 times and killed 50 times under clients that ask all the time: never two, and how long nobody answers. */
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { DaemonSite } from './daemon-site.js'

const test = suite('cluster/single, long', 600_000)
const TIMES = Number(process.env['TIMES'] ?? 50)
const CHECKS = ['--check-interval', '200ms', '--check-fall', '2', '--check-timeout', '2s', '--failure-threshold', '0']
const NEEDS = { needs: ['setsid'] }

/** Asks every 20 ms, and keeps each gap between two answers. */
class Asker {
  readonly gaps: number[] = []
  answers = 0
  isOver = false
  readonly #done: Promise<void>

  constructor(private readonly site: DaemonSite) {
    this.#done = this.#ask()
  }

  /** Not before a client has been answered after what was done last. */
  async hears(): Promise<void> {
    const before = this.answers
    await until(() => (this.answers > before ? true : undefined), 60_000, 'a client is answered', 5)
  }

  async stop(): Promise<string> {
    this.isOver = true
    await this.#done
    const sorted = this.gaps.filter((gap) => gap > 300).sort((a, b) => a - b)
    const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0)
    return `${sorted.length} gaps, median ${at(0.5)} ms, p90 ${at(0.9)} ms, longest ${at(1)} ms`
  }

  async #ask(): Promise<void> {
    let last = Date.now()
    while (!this.isOver) {
      if ((await this.site.ask()) !== '') {
        this.answers++
        this.gaps.push(Date.now() - last)
        last = Date.now()
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

test(
  `relocated ${TIMES} times, then killed ${TIMES} times`,
  async (scope) => {
    const site = await DaemonSite.build(scope, ...CHECKS)
    const { cluster } = site.fixture
    const relocating = new Asker(site)
    let at = await site.active()
    for (let i = 0; i < TIMES; i++) {
      const by = cluster.live()[i % 3]
      if (by !== undefined) await cluster.baton(by, 'relocate', 'daemon')
      at = await site.active(at)
      await relocating.hears()
    }
    process.stdout.write(`relocated ${TIMES} times: ${await relocating.stop()}\n`)
    const killing = new Asker(site)
    for (let i = 0; i < TIMES; i++) {
      at = await site.active()
      const pid = site.pidOn(at)
      process.kill(pid, 'SIGKILL')
      await site.another(pid)
      await site.active()
      await killing.hears()
    }
    await site.active()
    process.stdout.write(`killed ${TIMES} times: ${await killing.stop()}\n`)
    assert.ok(site.lives().length >= 2 * TIMES)
    site.assertNeverTwo()
  },
  NEEDS,
)

test.run()
