/** A broken invariant of our own: the process must not go on (the standby takes over). Never for input from outside. */
export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure'
}

export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new AssertionFailure(`broken invariant: ${invariant}`)
}

/** Closes a `switch` over a union: the compiler finds every place that a new case must reach. */
export function unreachable(value: never): never {
  throw new AssertionFailure(`unreachable case: ${JSON.stringify(value)}`)
}
