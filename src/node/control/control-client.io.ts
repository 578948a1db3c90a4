/** Asks the local node over its unix socket. Every failure is a `BatonError` that says what to try next. */
import { readFileSync, statSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { BatonError, errnoOf, messageOf } from '../../base/errors.js'
import type { Millis } from '../../base/time.js'
import { keysClient } from '../keys/keys-client.js'
import type { AuditView } from '../seeing/audit.js'
import type { EventsView } from '../seeing/seeing-protocol.js'
import { groupName, READ_SOCKET } from './control-access.io.js'
import type {
  AssignmentWrite,
  AssignmentWritten,
  BalanceView,
  ControlApi,
  DepartureView,
  DrainProgramsRequest,
  DrainRequest,
  DrainView,
  ErrorView,
  ForgetRequest,
  ImportRequest,
  ImportView,
  MoveRequest,
  MoveView,
  ProgramDrainView,
  RelocateView,
  ReplaceRequest,
  ReplaceView,
  ServiceView,
  ServiceWrite,
  ServiceWritten,
  SplicesView,
  StatusView,
  StoppingView,
  WhyView,
} from './control-protocol.js'
import {
  ANSWER_BYTES_MAX,
  ANSWER_MS_MAX,
  BALANCE_MS_MAX,
  DEPARTURE_MS_MAX,
  DRAIN_MS_MAX,
  DRILL_MS_MAX,
  MOVE_MS_MAX,
  RELOAD_MS_MAX,
  RELOCATE_MS_MAX,
} from './control-socket.js'
import type { DrillPlan, DrillReport, DrillRequest, Fault } from './drill-protocol.js'

/** After a process has given all to the next: until that one listens for commands. */
const NEXT_MS_MAX: Millis = 5_000
const LOOK_EVERY_MS: Millis = 20
/** Between the end of a process and the socket of the one that has its place: some milliseconds on a quiet host. */
const GAP_MS_MAX: Millis = 500
/** The asked node asks another. */
const ERRAND_MS: Millis = 8_000

interface Request {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  readonly path: string
  readonly body?: unknown
}

interface Answer {
  readonly status: number
  readonly text: string
}

export class ControlClient implements ControlApi {
  readonly keys = keysClient((request, moreMs = 0) => this.#ask(request, this.deadlineMs + moreMs))

  constructor(
    readonly socketPath: string,
    private readonly deadlineMs = ANSWER_MS_MAX,
  ) {}

  audit(limit: number): Promise<AuditView> {
    return this.#ask({ method: 'GET', path: `/v1/audit?limit=${limit}` })
  }

  status(): Promise<StatusView> {
    return this.#ask({ method: 'GET', path: '/v1/status' })
  }

  services(): Promise<readonly ServiceView[]> {
    return this.#ask({ method: 'GET', path: '/v1/services' })
  }

  service(name: string): Promise<ServiceView> {
    return this.#ask({ method: 'GET', path: servicePath(name) })
  }

  writeService(name: string, write: ServiceWrite): Promise<ServiceWritten> {
    return this.#ask({ method: 'PUT', path: servicePath(name), body: write })
  }

  removeService(name: string, force = false): Promise<void> {
    return this.#ask({ method: 'DELETE', path: `${servicePath(name)}${force ? '?force=1' : ''}` })
  }

  assign(service: string, node: string, write: AssignmentWrite): Promise<AssignmentWritten> {
    const path = `${servicePath(service)}/nodes/${encodeURIComponent(node)}`
    return this.#ask({ method: 'PUT', path, body: write })
  }

  importServices(request: ImportRequest): Promise<ImportView> {
    return this.#ask({ method: 'PUT', path: '/v1/services', body: request })
  }

  splices({ service, limit }: { service?: string; limit: number }): Promise<SplicesView> {
    const query = new URLSearchParams({ limit: String(limit), ...(service === undefined ? {} : { service }) })
    return this.#ask({ method: 'GET', path: `/v1/splices?${query}` })
  }

  why(service: string): Promise<WhyView> {
    return this.#ask({ method: 'GET', path: `${servicePath(service)}/why` })
  }

  move(service: string, request: MoveRequest): Promise<MoveView> {
    return this.#ask(
      { method: 'POST', path: `${servicePath(service)}/move`, body: request },
      this.deadlineMs + MOVE_MS_MAX,
    )
  }

  relocate(service: string, request: MoveRequest): Promise<RelocateView> {
    const path = `${servicePath(service)}/relocate`
    return this.#ask({ method: 'POST', path, body: request }, this.deadlineMs + RELOCATE_MS_MAX)
  }

  balance(): Promise<BalanceView> {
    return this.#ask({ method: 'POST', path: '/v1/balance' }, this.deadlineMs + BALANCE_MS_MAX)
  }

  events(): Promise<EventsView> {
    return this.#ask({ method: 'GET', path: '/v1/events' })
  }

  async metrics(): Promise<string> {
    const { status, text } = await this.#exchange({ method: 'GET', path: '/metrics' }, this.deadlineMs)
    if (status < 400) return text
    throw refusalOf(parseAnswer(text, status), status)
  }

  drillPlan(service: string, fault: Fault): Promise<DrillPlan> {
    return this.#ask({ method: 'GET', path: `${servicePath(service)}/drill?${new URLSearchParams({ fault })}` })
  }

  drill(service: string, request: DrillRequest): Promise<DrillReport> {
    const path = `${servicePath(service)}/drill`
    return this.#ask({ method: 'POST', path, body: request }, this.deadlineMs + DRILL_MS_MAX)
  }

  drain(request: DrainRequest): Promise<DrainView> {
    return this.#ask({ method: 'POST', path: '/v1/drain/director', body: request }, this.deadlineMs + DRAIN_MS_MAX)
  }

  drainPrograms(request: DrainProgramsRequest): Promise<ProgramDrainView> {
    return this.#ask({ method: 'POST', path: '/v1/drain/programs', body: request }, this.deadlineMs + ERRAND_MS)
  }

  programDrain(node: string | undefined, service: string | undefined): Promise<ProgramDrainView> {
    const query = new URLSearchParams({ ...(node && { node }), ...(service && { service }) })
    return this.#ask({ method: 'GET', path: `/v1/drain/programs?${query}` }, this.deadlineMs + ERRAND_MS)
  }

  stop(): Promise<StoppingView> {
    return this.#ask({ method: 'POST', path: '/v1/stop' })
  }

  leave(): Promise<DepartureView> {
    return this.#ask({ method: 'POST', path: '/v1/leave' }, this.deadlineMs + DEPARTURE_MS_MAX)
  }

  forget(request: ForgetRequest): Promise<DepartureView> {
    return this.#ask({ method: 'POST', path: '/v1/forget', body: request }, this.deadlineMs + DEPARTURE_MS_MAX)
  }

  replace(request: ReplaceRequest): Promise<ReplaceView> {
    return this.#ask({ method: 'POST', path: '/v1/replace', body: request })
  }

  /** The process that is asked ends: another answers for it. */
  async reload(): Promise<StatusView> {
    const before = (await this.status()).node.replaced?.times ?? 0
    try {
      return await this.#ask({ method: 'POST', path: '/v1/reload' }, this.deadlineMs + RELOAD_MS_MAX)
    } catch (error) {
      if (!(error instanceof BatonError) || error.code !== 'ERR_CONTROL_FAILED') throw error
      const status = await this.#next()
      if ((status.node.replaced?.times ?? 0) > before) return status
      throw error
    }
  }

  /** The one before has ended; the next listens here as soon as it acts, and not a moment sooner. */
  async #next(): Promise<StatusView> {
    for (const end = performance.now() + NEXT_MS_MAX; ; await pause(LOOK_EVERY_MS)) {
      try {
        return await this.status()
      } catch (error) {
        const isAbsent = error instanceof BatonError && error.code === 'ERR_NODE_NOT_RUNNING'
        if (!isAbsent || performance.now() > end) throw error
      }
    }
  }

  async #ask<View>(request: Request, deadlineMs = this.deadlineMs): Promise<View> {
    const { status, text } = await this.#exchangePatiently(request, deadlineMs)
    if (status === 204) return undefined as View
    const body = parseAnswer(text, status)
    if (status < 400) return body as View
    throw refusalOf(body, status)
  }

  /** Nobody listens, yet the socket is there: a process that takes another's place is about to. Nothing has been asked that changes anything. */
  async #exchangePatiently(request: Request, deadlineMs: Millis): Promise<Answer> {
    for (const end = performance.now() + GAP_MS_MAX; ; await pause(LOOK_EVERY_MS)) {
      try {
        return await this.#exchange(request, deadlineMs)
      } catch (error) {
        const errno = error instanceof BatonError ? errnoOf(error.cause) : ''
        // Who only looks may look again: the process that is replaced ends with what it had not answered yet.
        const isRefused = errno === 'ECONNREFUSED' || (request.method === 'GET' && errno === 'ECONNRESET')
        if (!isRefused || performance.now() > end) throw error
      }
    }
  }

  #exchange(
    { method, path: target, body }: Request,
    deadlineMs: Millis,
    socketPath = this.socketPath,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const payload = body === undefined ? undefined : JSON.stringify(body)
      const headers = payload === undefined ? {} : { 'content-type': 'application/json' }
      // The whole exchange has one deadline: a timeout of the socket would begin anew with each byte.
      const signal = AbortSignal.timeout(deadlineMs)
      const fail = (error: unknown) => {
        // Who may not do everything may perhaps look.
        if (socketPath === this.socketPath && errnoOf(error) === 'EACCES' && isThere(readSocketOf(socketPath))) {
          return resolve(this.#exchange({ method, path: target, body }, deadlineMs, readSocketOf(socketPath)))
        }
        reject(signal.aborted ? this.#silent(deadlineMs) : this.#explain(error))
      }
      const request = http.request({ socketPath, method, path: target, headers, agent: false, signal })
      request.once('error', fail)
      request.once('response', (response) => {
        const chunks: Buffer[] = []
        let bytes = 0
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          if (bytes > ANSWER_BYTES_MAX) response.destroy(new Error(`an answer above ${ANSWER_BYTES_MAX} bytes`))
          else chunks.push(chunk)
        })
        response.once('error', fail)
        response.once('end', () => {
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') })
        })
      })
      request.end(payload)
    })
  }

  #silent(deadlineMs: Millis): BatonError {
    return new BatonError(
      'ERR_CONTROL_TIMEOUT',
      `the node did not answer on ${this.socketPath} within ${deadlineMs / 1000} s`,
      { hint: 'it may be stopped or overloaded: look at its log and at `top`' },
    )
  }

  #explain(error: unknown): BatonError {
    const errno = errnoOf(error)
    const folder = path.dirname(this.socketPath)
    if (errno === 'ENOENT' || errno === 'ECONNREFUSED' || errno === 'ENOTDIR') return notRunning(folder, error)
    if (errno === 'EACCES' || errno === 'EPERM') return denied(this.socketPath, error)
    return new BatonError('ERR_CONTROL_FAILED', `no answer from the node on ${this.socketPath}: ${messageOf(error)}`, {
      hint: 'it may have ended just now: try again, or look at its log',
      cause: error,
    })
  }
}

/** Both may be of any two releases; that of the command line knows what it has asked for. */
const OLDER_NODE =
  'it runs an earlier release than this command: `baton reload` has it run the one that is installed; `baton upgrade --check` looks first'

function servicePath(name: string): string {
  return `/v1/services/${encodeURIComponent(name)}`
}

function parseAnswer(text: string, status: number): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw notOurs(`status ${status} and no JSON`, cause)
  }
}

function refusalOf(body: unknown, status: number): BatonError {
  const view = body as Partial<ErrorView> | null
  if (typeof view?.code !== 'string' || typeof view.message !== 'string') {
    return notOurs(`status ${status} and no reason`)
  }
  const { code, message } = view
  const hint = code === 'ERR_REQUEST_UNKNOWN' ? OLDER_NODE : view.hint
  return new BatonError(code, message, hint === undefined ? {} : { hint })
}

function notOurs(what: string, cause?: unknown): BatonError {
  return new BatonError('ERR_CONTROL_PROTOCOL', `what answers on the control socket is no Baton node: ${what}`, {
    hint: 'check --state; node and command should be of the same release',
    cause,
  })
}

function notRunning(folder: string, cause: unknown): BatonError {
  const hint = isThere(path.join(folder, 'node.json'))
    ? `start it: baton up --state ${folder}`
    : `${folder} is no state folder yet: make it with \`baton init --state ${folder}\`, or name another with --state DIR`
  return new BatonError('ERR_NODE_NOT_RUNNING', `no node runs in ${folder}`, { hint, cause })
}

function denied(socketPath: string, cause: unknown): BatonError {
  const owner = ownerOf(socketPath)
  const whose = owner === undefined ? '' : `; it belongs to ${owner}`
  const groups = [
    ...groupOf(readSocketOf(socketPath)).map((group) => `members of the group ${group} may look`),
    ...groupOf(socketPath).map((group) => `members of ${group} may do everything`),
  ]
  const member = groups.length === 0 ? '' : `; ${groups.join(', ')} (usermod -aG GROUP USER, then log in again)`
  const hint = `run the command as ${owner ?? 'the user who runs the node'} (sudo)${member}, or name your own folder with --state DIR`
  return new BatonError('ERR_CONTROL_DENIED', `not allowed to open ${socketPath}${whose}`, { hint, cause })
}

function readSocketOf(socketPath: string): string {
  return path.join(path.dirname(socketPath), READ_SOCKET)
}

/** Whom a socket is open to beside its owner. */
function groupOf(socket: string): string[] {
  try {
    const { mode, gid } = statSync(socket)
    return (mode & 0o020) === 0 ? [] : [groupName(gid)]
  } catch {
    return []
  }
}

function isThere(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

/** Of the socket, or of the nearest folder above that can be looked at. */
function ownerOf(file: string): string | undefined {
  for (let at = file; ; at = path.dirname(at)) {
    try {
      return userName(statSync(at).uid)
    } catch {
      if (at === path.dirname(at)) return undefined
    }
  }
}

function userName(uid: number): string {
  try {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((entry) => entry.split(':')[2] === String(uid))
    return line?.split(':')[0] ?? `user ${uid}`
  } catch {
    return `user ${uid}`
  }
}
