/**
 * Preloaded (`node --require`) into a node and its threads: native parts that HIDE_NATIVES names cannot be loaded, with
 * the words of the loader of an old host.
 */
const hidden = (process.env['HIDE_NATIVES'] ?? '').split(',').filter(Boolean)
const dlopen = process.dlopen
process.dlopen = (module, file, ...rest) => {
  if (!hidden.some((part) => file.endsWith(`/${part}.node`))) return dlopen.call(process, module, file, ...rest)
  throw new Error(`/lib/x86_64-linux-gnu/libc.so.6: version \`GLIBC_9.99' not found (required by ${file})`)
}
