import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Service } from '../../src/proxy/service.js'
import type { Scope } from '../harness/suite.js'

/** A hook that writes down how it was called, and then does `rest`. */
export function hook(scope: Scope, service: Service, rest: string) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-hook-'))
  scope.defer(() => rmSync(folder, { recursive: true, force: true }))
  const [file, calls] = [path.join(folder, 'hook'), path.join(folder, 'calls')]
  writeFileSync(file, `#!/bin/sh\necho "$@" "$BATON_FAMILY" >> ${calls}\n${rest}\n`, { mode: 0o755 })
  return {
    web: { ...service, own: 'hook' as const, hook: file },
    calls: () => readFileSync(calls, 'utf8').trim().split('\n'),
  }
}

export const until = async (ask: () => boolean) => {
  while (!ask()) await new Promise((resolve) => setTimeout(resolve, 5))
}
