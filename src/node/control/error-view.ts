/** Every answer with a status of 400 or more. */
export interface ErrorView {
  readonly code: string
  readonly message: string
  readonly hint?: string
  /** Of a file, all of them. */
  readonly problems?: readonly FileProblemView[]
}

export interface FileProblemView {
  readonly line: number
  readonly column: number
  readonly problem: string
  readonly hint?: string
}
