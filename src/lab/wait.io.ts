type Said = string | (() => string)

const awaited = new Set<Said>()

/** What is being waited for now: for whoever loses patience. */
export function waits(): readonly string[] {
  return [...awaited].map(worded)
}

/** Asks until the answer is not `undefined`; after `limitMs` throws `what`, or what it returns. */
export async function until<T>(
  ask: () => Promise<T | undefined> | T | undefined,
  limitMs: number,
  what: Said,
  everyMs = 50,
): Promise<T> {
  const end = performance.now() + limitMs
  awaited.add(what)
  try {
    for (;;) {
      const answer = await ask()
      if (answer !== undefined) return answer
      if (performance.now() > end) throw new Error(`not within ${limitMs} ms: ${worded(what)}`)
      await new Promise((resolve) => setTimeout(resolve, everyMs))
    }
  } finally {
    awaited.delete(what)
  }
}

function worded(what: Said): string {
  return typeof what === 'string' ? what : what()
}
