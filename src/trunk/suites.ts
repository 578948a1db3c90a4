/**
 * What data links can be sealed with. The offerer names what it can do, the accepter chooses the best that both can; both
 * speak on the control link, whose ends are proven, so nobody in between can make them choose worse. Every node can do
 * secretstream.
 */
export const SUITES = { secretstream: 1, 'aes-256-gcm': 2, 'aegis-128l': 3 } as const
export type Suite = keyof typeof SUITES

const ALL = Object.keys(SUITES) as Suite[]

/** `ours`: the fastest first, as this host has measured (seals). */
export function chooseSuite(ours: readonly Suite[], theirs: readonly Suite[]): Suite {
  return ours.find((suite) => theirs.includes(suite)) ?? 'secretstream'
}

export function suiteOf(number: number): Suite | undefined {
  return ALL.find((suite) => SUITES[suite] === number)
}

/** Those that a later release knows are skipped. */
export function suitesOf(numbers: Uint8Array): Suite[] {
  return [...numbers].flatMap((number) => suiteOf(number) ?? [])
}
