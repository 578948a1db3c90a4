/**
 * Sessions of real programs over many faults: `ROUNDS=10 COPIES=5 FAULT=own`. The table is printed. All live on, also those whose clients talk
 * without pause or upload at full speed: they are acknowledged only what is safe (`--uploads survive`).
 */
import { Scope } from '../harness/scope.js'
import { assert, suite } from '../harness/suite.js'
import { FAULTS } from './programs/faults.js'
import { iperfDownload, iperfUpload } from './programs/iperf.js'
import type { Program } from './programs/program.js'
import { psqlAsking, psqlSilent } from './programs/psql.js'
import { redisSubscriber } from './programs/redis.js'
import { rsyncPull, rsyncPush } from './programs/rsync.js'
import { ProgramSite, SITE_NEEDS } from './programs/site.js'
import { sshTop, sshTyping } from './programs/ssh.js'
import { tls } from './programs/tls.js'
import { webSocket } from './programs/websocket.js'

const test = suite('cluster/programs, long', 890_000)
const ROUNDS = Number(process.env['ROUNDS'] ?? 5)
/** Only those with this in their names. */
const FAULT = process.env['FAULT'] ?? ''
const COPIES = Number(process.env['COPIES'] ?? 3)
const LISTENING: readonly Program[] = [sshTop, psqlSilent, redisSubscriber]
const TALKING: readonly Program[] = [sshTyping, psqlAsking, webSocket, tls]
const BULK: readonly Program[] = [iperfDownload, iperfUpload, rsyncPull, rsyncPush]

interface Score {
  of: number
  alive: number
  readonly why: string[]
}

/** One fault with all sessions in use: what became of each. */
async function round(
  site: ProgramSite,
  programs: readonly Program[],
  copies: number,
  fault: (typeof FAULTS)[number],
  scores: Map<string, Score>,
): Promise<void> {
  const scope = new Scope()
  try {
    const plans = programs.flatMap((program) => {
      return Array.from({ length: program.isForOne ? 1 : copies }, (_, i) => ({ program, i }))
    })
    const sessions = await Promise.all(
      plans.map(async ({ program, i }) => ({ program, session: await program.open(scope, site.at, i) })),
    )
    await site.assertRemote(sessions.length)
    await fault.strike(site)
    const proofs = sessions.map(async ({ program, session }) => {
      const score = scores.get(program.name) ?? { of: 0, alive: 0, why: [] }
      scores.set(program.name, score)
      score.of++
      try {
        await session.prove()
        score.alive++
      } catch (error) {
        score.why.push(String(error).slice(-400))
      }
    })
    await Promise.all(proofs)
  } finally {
    await scope.close()
  }
  await site.mend()
}

for (const fault of FAULTS.filter(({ name }) => name.includes(FAULT))) {
  for (const [programs, copies, rounds] of [
    [[...LISTENING, ...TALKING], COPIES, ROUNDS],
    [BULK, 1, ROUNDS],
  ] as const) {
    test(
      `${fault.name}: ${programs.map(({ name }) => name).join(', ')}`,
      async (scope) => {
        const site = await ProgramSite.build(scope, programs === BULK ? [sshTop, ...BULK] : programs)
        const scores = new Map<string, Score>()
        for (let i = 0; i < rounds; i++) await round(site, programs, copies, fault, scores)
        for (const [name, { alive, of, why }] of scores) {
          console.log([`${fault.name}: ${name}: ${alive} of ${of}`, ...why].join('\n    '))
        }
        console.log(`${fault.name}: verdicts ${JSON.stringify(site.verdicts())}`)
        const lost = [...scores].filter(([, { alive, of }]) => alive < of)
        if (lost.length > 0) console.log(site.warnings().join('\n'))
        assert.equal(
          lost.map(([name]) => name),
          [],
        )
      },
      { needs: [...SITE_NEEDS, ...programs.flatMap(({ needs }) => needs)], root: true },
    )
  }
}

test.run()
