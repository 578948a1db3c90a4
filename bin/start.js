'use strict'
const { existsSync } = require('node:fs')
const path = require('node:path')
const { pathToFileURL } = require('node:url')

const main = path.join(__dirname, '..', 'dist', 'cli', 'main.js')
if (existsSync(main)) {
  // What a command fails by it tells itself.
  import(pathToFileURL(main).href).then(({ main: run }) => run(process.argv.slice(2), path.dirname(__dirname)))
} else {
  process.stderr.write(`Error: Baton is not built: ${main} is missing\nTry:   npm run build\n`)
  process.exitCode = 1
}
