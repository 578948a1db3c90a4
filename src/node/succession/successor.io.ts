/** Starts the process that is to replace this one: the same command as this one's, of whatever release is installed by now. */

import { type ChildProcess, spawn } from 'node:child_process'
import { BatonError, messageOf } from '../../base/errors.js'
import { asOrdinary } from '../../base/haste.io.js'
import type { Logger } from '../../base/log.js'
import type { Notify } from './notify.io.js'

const REPLACE = '--replace'

/** What is in the way may pass: a service that is being recovered, a change of the cluster in the very moment. */
export const TRIES_MAX = 3

/** Why this process went on as before, and whether that passes by itself. */
export interface Refusal {
  readonly why: string
  readonly passes: boolean
}

export interface SuccessorParts {
  readonly logger: Logger
  /** Of the attempt that has just come to nothing, if this process refused it: told once. */
  readonly refusal: () => Refusal | undefined
  readonly start?: () => ChildProcess
}

/** Rejects with ERR_REPLACE_FAILED when the last has ended; if all goes well, this process ends first. */
export async function startSuccessor({ logger, refusal, start = startAnew }: SuccessorParts): Promise<never> {
  for (let tries = 1; ; tries++) {
    const how = await endOf(start())
    const { why, passes } = refusal() ?? { why: '', passes: false }
    if (passes && tries < TRIES_MAX) {
      logger.log('info', 'replacing-again', { why, tries })
      continue
    }
    const hint = 'this node goes on as before; what the new process said is among its log lines'
    const reason = `${why === '' ? '' : `: ${why}`}${tries === 1 ? '' : ` (tried ${tries} times)`}`
    throw new BatonError('ERR_REPLACE_FAILED', `the new process has ended ${how}${reason}`, { hint })
  }
}

function startAnew(): ChildProcess {
  const words = process.argv.slice(1).filter((word) => word !== REPLACE)
  return asOrdinary(() =>
    spawn(process.execPath, [...process.execArgv, ...words, REPLACE], { stdio: 'inherit', detached: true }),
  )
}

/** As the end of a sentence. */
function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`before it began: ${error.message}`))
    child.once('exit', (code, signal) => resolve(signal === null ? `with exit code ${code}` : `by ${signal}`))
  })
}

/**
 * SIGHUP is how a service manager asks for it (`Type=notify-reload`); it waits for the word that it begins. Only where there is one: to
 * a node in a terminal the signal says that the terminal is gone.
 */
export function replaceOnSignal(notify: Notify, logger: Logger, replace: () => Promise<never>): void {
  process.on('SIGHUP', () => {
    notify.replacing('a new process starts')
    replace().catch((error: unknown) => {
      logger.log('warn', 'not-replaced', { why: messageOf(error) })
      notify.ready(`not replaced: ${messageOf(error)}`)
    })
  })
}
