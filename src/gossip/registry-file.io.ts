import { loadStateFile, saveStateFile, stateDamaged } from '../base/state-file.io.js'
import type { Delta } from './registry.js'
import { parseRegistryDocument, registryDocument } from './registry-document.js'

const FORMAT = 'baton-registry'
const VERSION = 1

/**
 * What the last save kept, to be merged into an empty registry; empty if nothing was saved yet. Throws the errors of
 * `loadStateFile`.
 */
export function loadRegistry(file: string, format = FORMAT): Delta {
  const document = loadStateFile(file, format, VERSION)
  if (document === undefined) return []
  const parsed = parseRegistryDocument(document.body)
  if (parsed.type === 'malformed') throw stateDamaged(file, parsed.why)
  return parsed.entries
}

/** `registry.state()`, durable when it returns. Throws ERR_STATE_UNWRITABLE. */
export function saveRegistry(file: string, state: Delta, format = FORMAT): void {
  saveStateFile(file, format, VERSION, registryDocument(state))
}
