/** Which Baton is measured, and another commit of it, built in a worktree of its own. */
import { existsSync, symlinkSync } from 'node:fs'
import path from 'node:path'

import type { Workshop } from './workshop.io.js'

export async function describeTree(shop: Workshop, root: string): Promise<string> {
  const { code, stdout } = await shop.run(['git', '-C', root, 'describe', '--always', '--dirty'])
  return code === 0 ? stdout.trim() : 'not under git'
}

/** Dependencies are those installed here; a commit with others cannot be compared this way. */
export async function buildCommit(
  shop: Workshop,
  root: string,
  name: string,
): Promise<{ tree: string; commit: string }> {
  const git = (...args: string[]) => shop.must(['git', '-C', root, ...args])
  const commit = (await git('rev-parse', '--short', '--verify', `${name}^{commit}`)).trim()
  const tree = shop.path(`tree-${commit}`)
  await git('worktree', 'add', '--detach', tree, commit)
  shop.deferBlocking(['git', '-C', root, 'worktree', 'remove', '--force', tree])
  const modules = path.join(tree, 'node_modules')
  if (!existsSync(modules)) symlinkSync(path.join(root, 'node_modules'), modules)
  await shop.must([path.join(modules, '.bin/tsc'), '-p', 'tsconfig.build.json'], 120_000, tree)
  return { tree, commit }
}
