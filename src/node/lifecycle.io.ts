/** How the process of a node ends: by a signal, by a fault, or because it has left. */
import { BatonError, messageOf } from '../base/errors.js'
import type { Logger } from '../base/log.js'
import type { Millis } from '../base/time.js'
import { loadControlCalls } from '../kernel/control-calls.io.js'

/**
 * A broken invariant, or votes that cannot be kept: this process must not go on, and a standby takes over. The lock stays
 * behind and is known to be stale by its process id.
 */
export function endOnFault(logger: Logger): void {
  process.on('uncaughtException', (error) => endProcess(logger, error))
}

export function endProcess(logger: Logger, error: unknown): never {
  const stack = error instanceof Error ? error.stack : undefined
  const fields = error instanceof BatonError ? { code: error.code, hint: error.hint } : { stack }
  logger.log('error', 'fatal', { why: messageOf(error), ...fields })
  process.exit(1)
}

/**
 * Where the process holds addresses, whatever ends it by its own code, `process.exit` wherever it is called, does so in silence:
 * `vanish` takes them away, and then the kernel takes the rest at once, as after SIGKILL. Node would first end its threads
 * one after the other, while the kernel goes on acknowledging what nobody will read.
 */
export function exitInSilence(vanish: () => boolean): void {
  process.on('exit', (status) => {
    const calls = loadControlCalls()
    if (vanish() && !('why' in calls)) calls.exit(status)
  })
}

/** Where another process goes on with all that this one had: nothing is put in order, and the processor is the other's at once. */
export function exitAtOnce(status: number): never {
  const calls = loadControlCalls()
  if (!('why' in calls)) calls.exit(status)
  process.exit(status)
}

/** Of a node under a service manager that was stopped by a command: the unit of `baton install` starts it again after any other. */
export const STOPPED_BY_COMMAND = 75

/** What is not done by then is left as it is. `why`: a signal, or the command. */
export async function endWithin(limitMs: Millis, logger: Logger, why: string, end: () => Promise<void>): Promise<void> {
  const force = setTimeout(() => {
    logger.log('error', 'stop-late', { ms: limitMs })
    process.exit(1)
  }, limitMs)
  await end()
  clearTimeout(force)
  if (!why.startsWith('SIG') && process.env['NOTIFY_SOCKET'] !== undefined) process.exitCode = STOPPED_BY_COMMAND
}

export function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal))
  })
}

/** A promise that somebody else settles. */
export function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
