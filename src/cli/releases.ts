/**
 * The releases of Baton that this one knows, in their order, and what each brought that one node alone cannot do. Whether two work
 * together is decided here and nowhere else: each does with the one before it and the one after it (docs/versions.md).
 */

export interface Release {
  /** `0.2` of 0.2.0, 0.2.1 and 0.2.0-dev: what these say to each other is the same. */
  readonly line: string
  /** How it hands a node over to its next process (node/succession/handover-protocol). */
  readonly handover: number
  readonly brings: readonly Ability[]
}

export interface Ability {
  readonly what: string
  /** `all` nodes have to be of that release; or `both` of the two that it happens between. */
  readonly takes: 'all' | 'both'
}

export const RELEASES: readonly Release[] = [
  { line: '0.1', handover: 2, brings: [] },
  {
    line: '0.2',
    handover: 2,
    brings: [
      {
        what: '`baton keys use` and `rotate`: they refuse, and name who is in the way',
        takes: 'all',
      },
      { what: '`baton ban`: nodes of an earlier release go on speaking with whom others shut out', takes: 'all' },
      {
        what: 'clients that wait for a program, or are parked, go along with a move; those that are served do',
        takes: 'both',
      },
      { what: 'links that the swarm carries; data links where only one of the two reaches the other', takes: 'both' },
      {
        what: 'the count of moves and takeovers in the access log, which the node of the program keeps',
        takes: 'both',
      },
    ],
  },
]

export type Kinship =
  | { readonly kind: 'same' }
  /** One apart: they work together. */
  | { readonly kind: 'before' | 'after' }
  /** `first`: what the earlier of the two has to become before it meets the other. */
  | { readonly kind: 'too-old'; readonly first: string }
  | { readonly kind: 'too-new' }

/** `0.2` of `0.2.0-dev`; `undefined`: not a release of Baton. */
export function lineOf(version: string): string | undefined {
  return /^(\d{1,6}\.\d{1,6})(?:[.\-+]|$)/.exec(version)?.[1]
}

/** What `theirs` is to `ours`, which is one of `releases`; later ones are known by their numbers alone. */
export function kinshipOf(theirs: string, ours: string, releases: readonly Release[] = RELEASES): Kinship {
  const [their, our] = [lineOf(theirs), lineOf(ours)]
  const here = releases.findIndex(({ line }) => line === our)
  const there = releases.findIndex(({ line }) => line === their)
  if (their !== undefined && their === our) return { kind: 'same' }
  if (their === undefined || here === -1) return { kind: 'too-new' }
  if (there === -1) return follows(their, our ?? '') ? { kind: 'after' } : { kind: 'too-new' }
  if (there === here - 1) return { kind: 'before' }
  if (there === here + 1) return { kind: 'after' }
  return there < here ? { kind: 'too-old', first: releases[here - 1]?.line ?? '' } : { kind: 'too-new' }
}

/** What nodes of `lowest` do not know yet, of all that `ours` does. */
export function missingFrom(lowest: string, ours: string, releases: readonly Release[] = RELEASES): readonly Ability[] {
  const [from, to] = [lowest, ours].map((version) => releases.findIndex(({ line }) => line === lineOf(version)))
  return from === undefined || to === undefined || from === -1
    ? []
    : releases.slice(from + 1, to + 1).flatMap(({ brings }) => brings)
}

/** Whether a process of `ours` can take the place of one of `theirs`, with all connections. */
export function canReplace(theirs: string, ours: string, releases: readonly Release[] = RELEASES): boolean {
  const [old, next] = [theirs, ours].map((version) => releases.find(({ line }) => line === lineOf(version))?.handover)
  return old !== undefined && old === next
}

/** The next of the same major number. */
function follows(their: string, our: string): boolean {
  const [major, minor] = their.split('.').map(Number)
  const [ourMajor, ourMinor] = our.split('.').map(Number)
  return major === ourMajor && minor === (ourMinor ?? 0) + 1
}
