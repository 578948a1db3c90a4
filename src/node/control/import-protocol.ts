/** Of the control protocol: services as a file declares them, and what came of it. */

/** A service as a file declares it: fields as in `ServiceWrite`. Those that are not named stay, or have their default. */
export interface DeclaredService {
  readonly name: string
  readonly fields: Readonly<Record<string, string | number>>
  /** By the names of nodes, what they do for it: fields as in `AssignmentWrite`. Nodes that are not named stay as they are. */
  readonly nodes?: Readonly<Record<string, Readonly<Record<string, string | number>>>>
}

/** `PUT /v1/services`: all of it, or nothing where anything is wrong. */
export interface ImportRequest {
  readonly services: readonly DeclaredService[]
  /** Remove services that are not declared. */
  readonly prune: boolean
  /** Only say what would change. */
  readonly dryRun: boolean
  /** Accept addresses that this host does not have. */
  readonly force: boolean
}

export interface ServiceChange {
  readonly service: string
  /** `kept`: not declared, and there. */
  readonly change: 'added' | 'changed' | 'unchanged' | 'removed' | 'kept'
  /** What is written: of a service that is added, the fields that were declared. */
  readonly fields: readonly {
    readonly field: string
    readonly from: string | number | null
    readonly to: string | number
  }[]
}

export interface ImportProblem {
  readonly service: string
  /** `name` for the service as such. */
  readonly field: string
  /** The rest of a sentence that begins with the field. */
  readonly problem: string
  readonly hint: string
}

export interface ImportView {
  /** Declared services in their order, then the others. */
  readonly changes: readonly ServiceChange[]
  /** All of them; nothing was written if there is any. */
  readonly problems: readonly ImportProblem[]
  readonly applied: boolean
}
