/**
 * A temporary folder that is removed at the end of this process, also where it is killed: then by a shell that reads a pipe of
 * ours to its end.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

export const FOLDER_PREFIX = 'baton-demo-'
/** The second it waits is for processes that end with us and still write. */
const WHEN_WE_ARE_GONE = 'cat; sleep 1; rm -rf "$0"'

export class DemoFolder {
  private constructor(
    readonly path: string,
    private readonly keeper: ChildProcess,
  ) {}

  static make(): DemoFolder {
    const folder = mkdtempSync(path.join(os.tmpdir(), FOLDER_PREFIX))
    // In a group of its own: Ctrl-C is for us.
    const keeper = spawn('sh', ['-c', WHEN_WE_ARE_GONE, folder], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    keeper.on('error', () => {})
    keeper.unref()
    return new DemoFolder(folder, keeper)
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
    this.keeper.kill('SIGKILL')
    this.keeper.stdin?.destroy()
  }
}
