#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const main = new URL('../dist/cli/main.js', import.meta.url)
if (existsSync(main)) {
  const { main: run } = await import(main.href)
  await run(process.argv.slice(2), import.meta.url)
} else {
  process.stderr.write(`Error: Baton is not built: ${fileURLToPath(main)} is missing\nTry:   npm run build\n`)
  process.exitCode = 1
}
