import { readdirSync, readlinkSync } from 'node:fs'
import path from 'node:path'

import { errnoOf } from '../base/errors.js'

/**
 * Tells this process's own sockets from those of others by inode (`/proc/self/fd/N → socket:[inode]`). Reading that folder
 * costs a call per descriptor, so it is done only when an inode appears that was never judged.
 */
export class OwnSockets {
  /** Inode → whether it is ours. */
  readonly #verdicts = new Map<number, boolean>()
  readonly #folder: string

  constructor(procFolder = '/proc') {
    this.#folder = path.join(procFolder, 'self', 'fd')
  }

  /** Those of `inodes` that are ours. Throws the system's error where the folder cannot be read. */
  among(inodes: readonly number[]): ReadonlySet<number> {
    if (inodes.some((inode) => !this.#verdicts.has(inode))) this.#judge(inodes)
    return new Set(inodes.filter((inode) => this.#verdicts.get(inode)))
  }

  /** Keeps nothing about sockets that are gone, so that this is never larger than the table. */
  #judge(inodes: readonly number[]): void {
    const ours = this.#read()
    this.#verdicts.clear()
    for (const inode of inodes) this.#verdicts.set(inode, ours.has(inode))
  }

  #read(): Set<number> {
    const inodes = new Set<number>()
    for (const name of readdirSync(this.#folder)) {
      const match = /^socket:\[(\d+)\]$/.exec(this.#target(name))
      if (match !== null) inodes.add(Number(match[1]))
    }
    return inodes
  }

  #target(name: string): string {
    try {
      return readlinkSync(path.join(this.#folder, name))
    } catch (error) {
      // Closed since the folder was read, such as the folder's own descriptor.
      if (errnoOf(error) === 'ENOENT') return ''
      throw error
    }
  }
}
