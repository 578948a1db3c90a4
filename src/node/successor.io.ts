/** Starts the process that is to replace this one: the same command as this one's, of whatever release is installed by now. */
import { spawn } from 'node:child_process'
import { BatonError, messageOf } from '../base/errors.js'
import type { Logger } from '../base/log.js'
import type { Notify } from './notify.io.js'

const REPLACE = '--replace'

/** Rejects with ERR_REPLACE_FAILED when it has ended; if all goes well, this process ends first. */
export function startSuccessor(): Promise<never> {
  const words = process.argv.slice(1).filter((word) => word !== REPLACE)
  const child = spawn(process.execPath, [...process.execArgv, ...words, REPLACE], { stdio: 'inherit', detached: true })
  return new Promise((_resolve, reject) => {
    const fail = (how: string) => {
      const hint = 'this node goes on as before; what the new process said is among its log lines'
      reject(new BatonError('ERR_REPLACE_FAILED', `the new process has ended ${how}`, { hint }))
    }
    child.once('error', (error) => fail(`before it began: ${error.message}`))
    child.once('exit', (code, signal) => fail(signal === null ? `with exit code ${code}` : `by ${signal}`))
  })
}

/**
 * SIGHUP is how a service manager asks for it (`Type=notify-reload`); it waits for the word that it begins. Only where there is one: to
 * a node in a terminal the signal says that the terminal is gone.
 */
export function replaceOnSignal(notify: Notify, logger: Logger): void {
  process.on('SIGHUP', () => {
    notify.replacing('a new process starts')
    startSuccessor().catch((error: unknown) => {
      logger.log('warn', 'not-replaced', { why: messageOf(error) })
      notify.ready(`not replaced: ${messageOf(error)}`)
    })
  })
}
