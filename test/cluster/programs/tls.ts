import path from 'node:path'
import { assert } from '../../harness/suite.js'
import { Conversation } from './conversation.js'
import type { Program } from './program.js'

const PORT = 8_443
const NAME = 'tls.test'
const ASK_EVERY_MS = 5
const LINES_MORE = 100

const certificate = (folder: string) => path.join(folder, 'tls-certificate.pem')

/**
 * TLS from end to end: what Baton carries it cannot read, and one byte that is wrong or lost ends the session. The program says
 * each line backwards.
 */
export const tls: Program = {
  name: 'openssl s_client',
  needs: ['openssl'],
  port: PORT,
  isForOne: true,
  serve: async (on, folder) => {
    const key = path.join(folder, 'tls-key.pem')
    const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${NAME}`]
    await on.run('openssl', 'req', '-x509', ...made, '-keyout', key, '-out', certificate(folder))
    on.start('tls', ['openssl', 's_server', '-rev', '-accept', String(PORT), '-key', key, '-cert', certificate(folder)])
  },
  open: async (scope, { client, address, folder }) => {
    const trust = ['-CAfile', certificate(folder), '-verify_return_error', '-verify_hostname', NAME]
    const where = ['-connect', `${address}:${PORT}`]
    const openssl = Conversation.start(
      scope,
      client,
      'openssl',
      's_client',
      ...where,
      ...trust,
      '-quiet',
      '-no_ign_eof',
    )
    const begin = () => openssl.said.indexOf('0 enil\n')
    let asked = 0
    const timer = setInterval(() => openssl.say(`line ${asked++}\n`), ASK_EVERY_MS)
    scope.defer(() => clearInterval(timer))
    await openssl.hears(/^9 enil$/m)
    return {
      prove: async () => {
        const last = [...String(asked + LINES_MORE)].reverse().join('')
        await openssl.hears(new RegExp(`^${last} enil$`, 'm'))
        const lines = openssl.said.slice(begin()).trim().split('\n')
        assert.equal(
          lines,
          lines.map((_, i) => [...`line ${i}`].reverse().join('')),
        )
      },
    }
  },
}
