/** What a node keeps on its disk while it runs, and what happens where the disk does not take it. */
import { messageOf } from '../../base/errors.js'
import type { Logger } from '../../base/log.js'
import type { DurableRecord } from '../../election/ports.js'
import type { TermStore } from '../../election/term-store.io.js'
import type { Registry } from '../../gossip/registry.js'
import { saveRegistry } from '../../gossip/registry-file.io.js'
import type { KeyRing } from '../keys/key-ring.js'
import { saveRing } from '../keys/key-store.io.js'
import { endProcess } from '../lifecycle.io.js'
import { AuditFile } from '../seeing/audit-file.io.js'
import type { StatePaths } from './state-folder.io.js'

export class Saving {
  readonly audit: AuditFile

  constructor(
    private readonly paths: StatePaths,
    private readonly logger: Logger,
    /** What is wrong now, by the part that it concerns. */
    private readonly warnings: Map<string, string>,
  ) {
    this.audit = new AuditFile(paths.audit, logger)
  }

  /** Ends here and not by an exception, which whoever writes a service would get for an answer while the node lives on. */
  votes(store: TermStore, records: readonly DurableRecord[]): void {
    try {
      store.append(records)
    } catch (error) {
      endProcess(this.logger, error)
    }
  }

  registry(registry: Registry): void {
    this.#try('registry', 'services', () => saveRegistry(this.paths.registry, registry.state()))
  }

  ring(ring: KeyRing): boolean {
    return this.#try('keyring', 'keys', () => saveRing(this.paths, ring))
  }

  /** In words; `undefined`: everything is on the disk. */
  unsaved(): string | undefined {
    return this.warnings.get('registry') ?? this.warnings.get('keyring')
  }

  /** A full disk is told and tried again at the next change; what the others hold is as good as a file. */
  #try(part: 'registry' | 'keyring', what: string, save: () => void): boolean {
    try {
      save()
      this.warnings.delete(part)
      return true
    } catch (error) {
      const why = `${what} are not saved on this node: ${messageOf(error)}`
      this.warnings.set(part, why)
      if (part === 'registry') this.logger.log('error', 'registry-not-saved', { why })
      else this.logger.log('error', 'keyring-not-saved', { why })
      return false
    }
  }
}
