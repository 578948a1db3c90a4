/** Asks until the answer is not `undefined`; after `limitMs` throws `what`, or what it returns. */
export async function until<T>(
  ask: () => Promise<T | undefined> | T | undefined,
  limitMs: number,
  what: string | (() => string),
  everyMs = 50,
): Promise<T> {
  const end = performance.now() + limitMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > end) {
      throw new Error(`not within ${limitMs} ms: ${typeof what === 'string' ? what : what()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
