/** Sessions of real programs live on when their director is killed, moved or replaced: the same session, and all that it carries. */
import { suite } from '../harness/suite.js'
import { KILL, MOVE, OWN_RESTART, SERVER_RESTART } from './programs/faults.js'
import type { Program } from './programs/program.js'
import { psqlSilent } from './programs/psql.js'
import { redisSubscriber } from './programs/redis.js'
import { ProgramSite, SITE_NEEDS } from './programs/site.js'
import { sshTop } from './programs/ssh.js'

const test = suite('cluster/programs', 60_000)
/** Their clients listen, or say nothing: what one says in the very moment of a kill may be lost with the director (programs.long). */
const PROGRAMS: readonly Program[] = [sshTop, psqlSilent, redisSubscriber]
/** The kill last: who succeeds then may be the programs' own host. */
const FAULTS = [OWN_RESTART, SERVER_RESTART, MOVE, KILL]
const NEEDS = { needs: [...SITE_NEEDS, ...PROGRAMS.flatMap(({ needs }) => needs)], root: true }

test(
  `${PROGRAMS.map(({ name }) => name).join(', ')}: the same sessions outlive ${FAULTS.map(({ name }) => name).join(', then ')}`,
  async (scope) => {
    const site = await ProgramSite.build(scope, PROGRAMS)
    const sessions = await Promise.all(PROGRAMS.map((program, i) => program.open(scope, site.at, i)))
    await site.assertRemote(sessions.length)
    for (const fault of FAULTS) {
      await fault.strike(site)
      const proofs = await Promise.allSettled(sessions.map((session) => session.prove()))
      for (const proof of proofs) if (proof.status === 'rejected') throw proof.reason
    }
  },
  NEEDS,
)

test.run()
