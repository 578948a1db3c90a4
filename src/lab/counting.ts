/** Whether a program that counts over one connection, a number a line, has gone on as if nothing had happened. */
export interface Counting {
  /** From where on it is looked at. */
  readonly first: number
  readonly last: number
  /** What came instead of the next number; empty: nothing. */
  readonly broken: string
}

/** A connection made anew would begin at another server's count, and the client says that it was lost. */
export function countingIn(text: string): Counting {
  const lines = text.split('\n').slice(0, -1)
  let [first, last] = [0, 0]
  for (const line of lines) {
    const value = /^(?:\(integer\) )?(\d+)$/.exec(line.trim())?.[1]
    if (value === undefined || (last > 0 && Number(value) !== last + 1)) return { first, last, broken: line.trim() }
    last = Number(value)
    if (first === 0) first = last
  }
  return { first, last, broken: '' }
}
