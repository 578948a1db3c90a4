/** The guards of this host's programs, one process each: found again by whatever process of the node comes next. */

import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { messageOf } from '../../base/errors.js'
import { hash32 } from '../../base/hash.js'
import { asOrdinary } from '../../base/haste.io.js'
import type { Logger } from '../../base/log.js'
import { loadStateFile } from '../../base/state-file.io.js'
import type { Millis } from '../../base/time.js'
import type { GuardEvent, GuardJob, GuardPort, Remains } from '../../hosting/ports.js'
import { bootId } from './descendants.io.js'
import {
  FROM_GUARD,
  type FromGuard,
  GUARD_RECORD,
  type GuardSetup,
  guardRecordFrom,
  LineReader,
  lineOf,
  type ToGuard,
} from './guard-protocol.js'

/** Of sources only: other options of this process are for it alone. */
const LOADER: readonly string[] = import.meta.url.endsWith('.ts') ? process.execArgv : []
const GUARD = fileURLToPath(new URL(`./guard-main.io${import.meta.url.slice(-3)}`, import.meta.url))
const READY_MS_MAX: Millis = 10_000
const MEET_MS_MAX: Millis = 2_000

interface Line {
  readonly socket: net.Socket
  /** What it was asked, and has not answered. */
  asked: 'start' | 'stop' | undefined
  /** Its last word: it ends now. */
  isOver: boolean
}

export class Guards implements GuardPort {
  readonly remains = new Map<string, Remains>()
  readonly #lines = new Map<string, Promise<Line | undefined>>()
  readonly #untils = new Map<string, Millis>()
  #onEvent: ((service: string, event: GuardEvent) => void) | undefined
  #early: [service: string, event: GuardEvent][] = []

  private constructor(
    private readonly folder: string,
    /** Of all hooks. */
    private readonly environment: Readonly<Record<string, string>>,
    private readonly logger: Logger,
  ) {}

  /** With all that earlier processes have left. Throws where the folder cannot be made. */
  static async open(stateFolder: string, environment: Guards['environment'], logger: Logger): Promise<Guards> {
    const folder = path.join(stateFolder, 'guards')
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const guards = new Guards(folder, environment, logger)
    for (const name of readdirSync(folder)) if (name.endsWith('.json')) await guards.#recall(name.slice(0, -5))
    return guards
  }

  attach(onEvent: (service: string, event: GuardEvent) => void): void {
    this.#onEvent = onEvent
    for (const [service, event] of this.#early.splice(0)) onEvent(service, event)
  }

  /** Guards go on; nothing more is heard of them here. */
  close(): void {
    this.#onEvent = () => {}
    for (const line of this.#lines.values()) {
      void line.then((one) => {
        if (one === undefined) return
        one.isOver = true
        one.socket.destroy()
      })
    }
  }

  start(job: GuardJob): void {
    this.remains.set(job.service, { term: job.term, state: 'running' })
    void this.#ask(job, 'start')
  }

  stop(job: GuardJob): void {
    void this.#ask(job, 'stop')
  }

  until(service: string, deadline: Millis): void {
    this.#untils.set(service, deadline)
    void this.#lines.get(service)?.then((line) => line?.socket.write(lineOf({ type: 'until', deadline })))
  }

  async #ask(job: GuardJob, verb: 'start' | 'stop'): Promise<void> {
    const { service, term } = job
    const present = this.#lines.get(service)
    const line = (await present) ?? (await this.#spawn(job))
    if (line === undefined) {
      const words = verb === 'start' ? 'its guard could not be started' : 'no guard could be started to stop it'
      return this.#tell(service, { type: 'done', verb, isGood: false, words })
    }
    line.asked = verb
    const deadline = this.#untils.get(service)
    if (deadline !== undefined) this.#say(line, { type: 'until', deadline })
    this.#say(line, verb === 'start' ? { type: 'start', term } : { type: 'stop' })
  }

  #say({ socket }: Line, message: ToGuard): void {
    socket.write(lineOf(message))
  }

  /** What an earlier process of this node has left of a program. */
  async #recall(tag: string): Promise<void> {
    const file = path.join(this.folder, `${tag}.json`)
    let record: ReturnType<typeof guardRecordFrom>
    try {
      const document = loadStateFile(file, GUARD_RECORD.format, GUARD_RECORD.version)
      record = guardRecordFrom(document?.body)
    } catch (error) {
      this.logger.log('error', 'guard-record', { file, why: messageOf(error) })
    }
    if (record === undefined) return
    const { service, term, state } = record
    if (state === 'stopped') return void this.remains.set(service, { term, state: 'stopped' })
    const met = await this.#connect(service, tag)
    if (met !== undefined) {
      this.#lines.set(service, Promise.resolve(met.line))
      this.remains.set(service, { term, state: 'running', until: met.until })
      return
    }
    // A host that was started anew has no program of before.
    const isOtherBoot = record.bootId !== '' && record.bootId !== bootId()
    this.remains.set(service, { term, state: isOtherBoot ? 'stopped' : 'unknown' })
  }

  #spawn(job: GuardJob): Promise<Line | undefined> {
    const { service, program, startMs, stopMs } = job
    const tag = tagOf(service)
    const environment = { ...this.environment, BATON_SERVICE: service }
    const setup: GuardSetup = { service, program, startMs, stopMs, environment }
    const line = this.#startProcess(tag, JSON.stringify(setup)).then(async (why) => {
      const met = why === '' ? await this.#connect(service, tag) : undefined
      if (met === undefined) this.logger.log('error', 'guard-failed', { service, why: why || 'it does not answer' })
      return met?.line
    })
    this.#lines.set(service, line)
    return line.then((found) => {
      if (found === undefined) this.#lines.delete(service)
      return found
    })
  }

  /** '' when it listens, else why not. */
  #startProcess(tag: string, setup: string): Promise<string> {
    rmSync(path.join(this.folder, `${tag}.sock`), { force: true })
    return new Promise((resolve) => {
      const log = openSync(path.join(this.folder, `${tag}.log`), 'a', 0o600)
      const guard = asOrdinary(() =>
        spawn(process.execPath, [...LOADER, GUARD, this.folder, tag, setup], {
          detached: true,
          stdio: ['ignore', 'pipe', log],
        }),
      )
      closeSync(log)
      const timer = setTimeout(() => answer(`it is not ready after ${READY_MS_MAX} ms`), READY_MS_MAX)
      const answer = (why: string) => {
        clearTimeout(timer)
        resolve(why)
      }
      guard.once('error', (error) => answer(error.message))
      guard.once('exit', () => answer('it ended before it began'))
      guard.stdout?.once('data', () => {
        guard.unref()
        if (guard.stdout instanceof net.Socket) guard.stdout.unref()
        answer('')
      })
    })
  }

  #connect(service: string, tag: string): Promise<{ readonly line: Line; readonly until: Millis } | undefined> {
    return new Promise((resolve) => {
      const socket = net.connect({ path: path.join(this.folder, `${tag}.sock`) })
      const line: Line = { socket, asked: undefined, isOver: false }
      const lines = new LineReader<FromGuard>(FROM_GUARD)
      let isMet = false
      const timer = setTimeout(() => socket.destroy(), MEET_MS_MAX)
      socket.setEncoding('utf8')
      socket.on('data', (text: string) => {
        for (const message of lines.take(text)) {
          if (message.type !== 'hello') this.#hear(service, line, message)
          else {
            clearTimeout(timer)
            isMet = true
            resolve({ line, until: message.until })
          }
        }
      })
      socket.on('error', () => {})
      socket.on('close', () => {
        clearTimeout(timer)
        resolve(undefined)
        if (isMet) this.#onClosed(service, line)
      })
    })
  }

  #hear(service: string, line: Line, event: Exclude<FromGuard, { type: 'hello' }>): void {
    line.asked = undefined
    // It has nothing left to guard: the next start has a guard of its own.
    if (event.isGood && (event.type === 'fenced' || event.verb === 'stop')) {
      line.isOver = true
      this.remains.set(service, { term: this.remains.get(service)?.term ?? 0, state: 'stopped' })
      this.#lines.delete(service)
      this.#say(line, { type: 'heard' })
      line.socket.end()
    }
    this.#tell(service, event)
  }

  #onClosed(service: string, line: Line): void {
    if (line.isOver || this.#lines.get(service) === undefined) return
    line.isOver = true
    this.remains.set(service, { term: this.remains.get(service)?.term ?? 0, state: 'unknown' })
    this.#lines.delete(service)
    this.logger.log('error', 'guard-died', { service })
    const { asked } = line
    const words = 'its guard died'
    this.#tell(
      service,
      asked === undefined
        ? { type: 'health', isGood: false, words }
        : { type: 'done', verb: asked, isGood: false, words },
    )
  }

  #tell(service: string, event: GuardEvent): void {
    if (this.#onEvent === undefined) this.#early.push([service, event])
    else this.#onEvent(service, event)
  }
}

/** Short: it is part of the path of a socket. */
function tagOf(service: string): string {
  return hash32(service).toString(16).padStart(8, '0')
}
