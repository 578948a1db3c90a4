/** What the numbers depend on. No name of the host, and no paths. */
import { execFileSync } from 'node:child_process'
import os from 'node:os'

import { findProgram } from '../test/harness/programs.js'

const VERSIONS: readonly (readonly [program: string, args: readonly string[], pattern: RegExp])[] = [
  ['haproxy', ['-v'], /version (\S+)/],
  ['nginx', ['-v'], /nginx\/(\S+)/],
  ['wrk', ['-v'], /wrk (\S+)/],
  ['iperf3', ['--version'], /iperf (\S+)/],
  ['openssl', ['version'], /OpenSSL (\S+)/],
]

export function machine(): Record<string, string> {
  const programs = VERSIONS.flatMap(([program, args, pattern]) => {
    const file = findProgram(program)
    if (file === undefined) return []
    return [`${program} ${pattern.exec(outputOf(file, args))?.[1] ?? 'of unknown version'}`]
  })
  return {
    CPU: `${os.cpus().length} × ${os.cpus()[0]?.model ?? 'unknown'}`,
    memory: `${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    kernel: `${os.type()} ${os.release().split('-')[0]}`,
    Node: process.version,
    programs: programs.join(', '),
  }
}

/** Some tell their version on standard error, and some of them with an exit code. */
function outputOf(file: string, args: readonly string[]): string {
  return execFileSync('bash', ['-c', '"$@" 2>&1 || true', 'bash', file, ...args], { encoding: 'utf8' })
}
