/** Loads native parts of packages so that a host which cannot load one learns why, and goes on without. */
import { createRequire } from 'node:module'
import { loadFailure, type NativeHost } from './load-failure.js'

const require = createRequire(import.meta.url)

export function loadPart<T>(part: string): { readonly loaded: T } | { readonly why: string } {
  try {
    return { loaded: require(part) as T }
  } catch (error) {
    return { why: whyNotLoaded(part, error) }
  }
}

export function whyNotLoaded(part: string, error: unknown): string {
  return loadFailure(part, messagesOf(error), nativeHost())
}

function messagesOf(error: unknown): string[] {
  const messages: string[] = []
  for (let at = error; at instanceof Error && messages.length < 8; at = at.cause) messages.push(at.message)
  return messages.length > 0 ? messages : [String(error)]
}

let host: NativeHost | undefined

/** A report costs some milliseconds: only where something could not be loaded. */
function nativeHost(): NativeHost {
  host ??= { platform: `${process.platform}-${process.arch}`, glibc: glibcVersion() }
  return host
}

export function glibcVersion(): string | undefined {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } }
  return report.header?.glibcVersionRuntime
}
