import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { assert } from '../../harness/suite.js'
import { Conversation } from './conversation.js'
import type { Program, Whereabouts } from './program.js'
import { SSH_PORT, sshCommand } from './ssh.js'

const FILES = 60
const FILE_BYTES = 2 ** 20
/** So that it takes six seconds. */
const KIB_PER_SECOND = 10_240
const FINISHED_MS_MAX = 60_000

/** A tree of files that cannot be compressed, of many lengths. */
function plant(tree: string): void {
  for (let i = 0; i < FILES; i++) {
    const folder = path.join(tree, `folder-${i % 7}`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(path.join(folder, `file-${i}`), randomBytes(FILE_BYTES - i * 9_973))
  }
}

/** Name and hash of each file. */
function hashes(tree: string): string[] {
  const files = readdirSync(tree, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return files
    .map(({ parentPath, name }) => {
      const file = path.join(parentPath, name)
      return `${path.relative(tree, file)} ${createHash('sha256').update(readFileSync(file)).digest('hex')}`
    })
    .sort()
}

/** A tree of files over ssh. All hosts share a disk, so what came can be compared here. */
function rsync(name: string, plan: (remote: string, here: string, there: string) => [string, string]): Program {
  return {
    name,
    needs: ['rsync'],
    port: SSH_PORT,
    open: async (scope, { client, address, folder }: Whereabouts, number) => {
      const home = path.join(folder, `${name.replaceAll(/\W+/g, '-')}-${number}-${Date.now()}`)
      const [here, there] = [path.join(home, 'here'), path.join(home, 'there')]
      for (const tree of [here, there]) mkdirSync(tree, { recursive: true })
      const [from, to] = plan(`root@${address}:`, here, there)
      plant(from.slice(from.indexOf(':') + 1))
      const how = ['--archive', '--progress', `--bwlimit=${KIB_PER_SECOND}`, '--rsh', sshCommand(folder).join(' ')]
      const transfer = Conversation.start(scope, client, 'rsync', ...how, `${from}/`, to)
      await transfer.hears(/xfr#1,/)
      return {
        prove: async () => {
          await transfer.finished(FINISHED_MS_MAX)
          assert.equal(hashes(there), hashes(here))
        },
      }
    },
  }
}

export const rsyncPush = rsync('rsync, push', (remote, here, there) => [here, `${remote}${there}`])
export const rsyncPull = rsync('rsync, pull', (remote, here, there) => [`${remote}${here}`, there])
