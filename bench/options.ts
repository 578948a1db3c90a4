/** The command line of `npm run bench`. */
import { parseArgs } from 'node:util'

import { WORK_NAMES, type WorkName } from './work.js'

export interface Options {
  readonly works: readonly WorkName[]
  /** All that can run here, if not given. */
  readonly peers: readonly string[] | undefined
  readonly rounds: number
  readonly seconds: number
  readonly idleRounds: number
  readonly idleConnections: number
  readonly seed: number
  readonly compare: string | undefined
  readonly out: string
}

export const USAGE = `usage: npm run bench -- [options]
  --quick             two rounds of one second, a few works, no variant with a lane per core: under two minutes
  --only WORK,…       of ${WORK_NAMES.join(', ')}
  --peers NAME,…      only these peers
  --rounds N          rounds, all peers in each (5)
  --seconds N         length of one measurement (4)
  --seed N            of the order in which peers take turns (1)
  --compare COMMIT    the Baton of another commit as well
  --out FOLDER        where results go (bench/results)`

const QUICK_WORKS: readonly WorkName[] = ['bulk-down', 'kept-64', 'new', 'latency', 'idle']
const QUICK_PEERS = ['baton-plain', 'baton-sealed', 'haproxy', 'haproxy-tls', 'nginx-stream', 'node-pipe']

export function parseOptions(args: readonly string[]): Options {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: text,
      peers: text,
      rounds: text,
      seconds: text,
      seed: text,
      compare: text,
      out: text,
    },
  })
  const isQuick = values.quick
  const works = values.only?.split(',') ?? (isQuick ? QUICK_WORKS : WORK_NAMES)
  const unknown = works.find((work) => !WORK_NAMES.some((name) => name === work))
  if (unknown !== undefined) throw new Error(`there is no work ${unknown}\n${USAGE}`)
  const rounds = count('rounds', values.rounds, isQuick ? 2 : 5)
  return {
    works: WORK_NAMES.filter((name) => works.includes(name)),
    peers: values.peers?.split(',') ?? (isQuick ? QUICK_PEERS : undefined),
    rounds,
    seconds: count('seconds', values.seconds, isQuick ? 1 : 4),
    idleRounds: isQuick ? 1 : Math.min(rounds, 2),
    idleConnections: isQuick ? 2_000 : 10_000,
    seed: count('seed', values.seed, 1),
    compare: values.compare,
    out: values.out ?? 'bench/results',
  }
}

function count(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text)
  if (!Number.isInteger(value) || value < 1 || value > 1e6) throw new Error(`--${name} ${text}: no number from 1 up`)
  return value
}
