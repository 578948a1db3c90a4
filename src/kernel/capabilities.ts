/** Capabilities by their numbers (linux/capability.h), those that Baton asks about. */
const NUMBERS: Readonly<Record<string, number>> = {
  NET_BIND_SERVICE: 10,
  NET_ADMIN: 12,
  NET_RAW: 13,
  SYS_PTRACE: 19,
  SYS_ADMIN: 21,
  PERFMON: 38,
  BPF: 39,
}

/** The effective ones, of what /proc/PID/status says. */
export function capabilitiesOf(status: string): string[] {
  const mask = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`)
  return Object.entries(NUMBERS).flatMap(([name, number]) => (((mask >> BigInt(number)) & 1n) === 1n ? [name] : []))
}
