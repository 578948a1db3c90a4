import type { Host } from '../../../src/lab/hosts.io.js'
import type { Scope } from '../../harness/suite.js'

/** A real program, and a client of it which keeps a session. */
export interface Program {
  readonly name: string
  readonly needs: readonly string[]
  readonly port: number
  /** It serves one client, and then the next. */
  readonly isForOne?: true
  /** Starts it in the foreground; it ends with its host. Missing: another of the same port does. */
  serve?(on: Host, folder: string): void | Promise<void>
  /** Returns when the session stands and is in use. `number` tells it from others of the same program. */
  open(scope: Scope, at: Whereabouts, number: number): Promise<Session>
}

export interface Whereabouts {
  readonly client: Host
  /** Where all programs are. */
  readonly server: Host
  /** The service's. */
  readonly address: string
  readonly folder: string
}

export interface Session {
  /** After a fault: throws unless it goes on, is the session that it was, and what it carries is right. May be called again. */
  prove(): Promise<void>
}
