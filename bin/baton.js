#!/usr/bin/env node
'use strict'
// Read by whatever Node there is: in the language of 2009, so that an old one says what it lacks and not SyntaxError.
var wanted = 20
var found = process.versions.node
var words = [
  ['Error: Baton needs Node.js', wanted, 'or later, and this is Node.js', found, 'at', process.execPath].join(' '),
  'Try:   Debian 13 has one (apt install nodejs); for Debian 12 and others: https://nodejs.org/en/download, whose',
  '       binaries run from glibc 2.28 on. Then install Baton with the npm of that Node.js.',
  '',
]

if (parseInt(found, 10) >= wanted) {
  require('./start.js')
} else {
  process.stderr.write(words.join('\n'))
  process.exit(1)
}
