import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

import type { Scope } from '../harness/suite.js'

/** A folder of its own for one test, mode 0700, gone with everything in it when the test ends. */
export async function tempDir(scope: Scope, name = 'test'): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), `baton-${name}-`))
  scope.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}
