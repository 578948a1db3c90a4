import type { NodeId } from '../../base/ids.js'
import type { Candidate, Excluded, Scheduler, WeightOf } from './scheduler.js'

interface Account {
  credit: number
}

/**
 * Weights without bursts: every node earns its weight at each connection, the richest serves and pays what all have earned.
 * Over any run of as many connections as the weights add up to, each node has exactly its weight, as far apart as can be;
 * with weights that change meanwhile it stays within one connection of its share. The order of equals is that of node ids.
 */
export class SmoothWeighted implements Scheduler {
  readonly #accounts = new Map<NodeId, Account>()
  readonly #retries = new Map<NodeId, Account>()

  constructor(private readonly weight: WeightOf) {}

  pick<C extends Candidate>(candidates: readonly C[], exclude?: Excluded): C | undefined {
    const accounts = exclude !== undefined && exclude.size > 0 ? this.#retries : this.#accounts
    let total = 0
    let best: C | undefined
    let bestAccount: Account | undefined
    for (const candidate of candidates) {
      // Who is passed over earns nothing: it would take all connections at once when it is back.
      if (exclude?.has(candidate.node)) continue
      const weight = this.weight(candidate)
      const account = accountOf(accounts, candidate.node)
      account.credit += weight
      total += weight
      const isRicher =
        best === undefined ||
        bestAccount === undefined ||
        account.credit > bestAccount.credit ||
        (account.credit === bestAccount.credit && candidate.node < best.node)
      if (isRicher) [best, bestAccount] = [candidate, account]
    }
    if (bestAccount !== undefined) bestAccount.credit -= total
    if (accounts.size > 2 * candidates.length + 16) forgetOthers(accounts, candidates)
    return best
  }
}

function accountOf(accounts: Map<NodeId, Account>, node: NodeId): Account {
  let account = accounts.get(node)
  if (account === undefined) {
    account = { credit: 0 }
    accounts.set(node, account)
  }
  return account
}

function forgetOthers(accounts: Map<NodeId, Account>, candidates: readonly Candidate[]): void {
  const present = new Set(candidates.map(({ node }) => node))
  for (const node of accounts.keys()) if (!present.has(node)) accounts.delete(node)
}
