/** Why a native part of a package could not be loaded, in words that name what it needs and what this host has. */

export interface NativeHost {
  /** As Node names it: linux-x64. */
  readonly platform: string
  /** Version of glibc; undefined: it has none, which on Linux means musl. */
  readonly glibc: string | undefined
}

/** `messages`: of the error and of its causes, the outermost first. */
export function loadFailure(part: string, messages: readonly string[], host: NativeHost): string {
  const all = messages.join('\n')
  const isMusl = host.glibc === undefined && host.platform.startsWith('linux')
  const libc = isMusl ? 'musl' : `glibc ${host.glibc}`
  const symbols = [...all.matchAll(/version [`'"]GLIBC_(\d+(?:\.\d+)+)' not found/g)].map(
    ([, version]) => version ?? '',
  )
  if (symbols.length > 0) return `${part} needs glibc ${highest(symbols)}, this host has ${libc}`
  const library = /version [`'"](?:GLIBCXX|CXXABI)_[\d.]+' not found/.exec(all)
  if (library !== null) return `${part} needs a newer libstdc++: ${library[0].replace(/[`']/g, '')}`
  const shared = /Error loading shared library ([\w.+-]+)|\b([\w.+-]+\.so[\w.]*): cannot open shared object file/.exec(
    all,
  )
  const missing = shared?.[1] ?? shared?.[2]
  // What musl says of a file that was made for glibc.
  if (missing?.startsWith('ld-linux') === true || (isMusl && /symbol not found/.test(all))) {
    return `${part} is made for glibc, this host has ${libc}`
  }
  if (missing !== undefined && !missing.endsWith('.node'))
    return `${part} needs the library ${missing}, which is missing`
  if (/Cannot find (?:module|package) /.test(all) && all.includes(`'${part}'`)) return `${part} is not installed`
  if (/Cannot find addon|Cannot find the native|Cannot find module|\.node: cannot open shared/.test(all)) {
    return `${part} has no binary for ${host.platform}${isMusl ? ' with musl' : ''}, or it was removed`
  }
  return `${part} cannot be loaded: ${messages[0] ?? 'it says nothing'}`
}

function highest(versions: readonly string[]): string {
  return versions.reduce((a, b) => (isBelow(a, b) ? b : a))
}

function isBelow(a: string, b: string): boolean {
  const [x, y] = [a.split('.').map(Number), b.split('.').map(Number)]
  const at = x.findIndex((number, i) => number !== y[i])
  return at === -1 ? x.length < y.length : (x[at] ?? 0) < (y[at] ?? 0)
}
