import { readFileSync } from 'node:fs'
import os from 'node:os'
import { type BpfRights, whyRefused } from './refusal.js'

/** `result`: a negative errno, or what the verifier refused. */
export function refused(
  what: string,
  result: number | { errno: number; log?: string },
  since: string,
): { why: string } {
  const { errno, log = '' } = typeof result === 'number' ? { errno: -result } : result
  const errnoName = Object.entries(os.constants.errno).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`
  return { why: whyRefused({ what, errno, errnoName, log, since }, rights()) }
}

function rights(): BpfRights {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(text('/proc/self/status'))?.[1] ?? '0'
  return {
    effective: BigInt(`0x${effective}`),
    isHostUser: /^\s*0\s+0\s+4294967295\s*$/.test(text('/proc/self/uid_map')),
    lockdown: /\[(\w+)\]/.exec(text('/sys/kernel/security/lockdown'))?.[1] ?? '',
  }
}

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
