/** Asks a control socket one thing, as whoever runs this, and says what came of it on one line. */
import { BatonError } from '../../../src/base/errors.js'
import { ControlClient } from '../../../src/node/control/control-client.io.js'

const [socket = '', what = ''] = process.argv.slice(2)
const client = new ControlClient(socket)
const QUESTIONS: Readonly<Record<string, () => Promise<unknown>>> = {
  status: () => client.status(),
  audit: () => client.audit(10),
  rotate: () => client.keys.rotate(false),
  reveal: () => client.keys.list(true),
  add: () => client.keys.add({ key: `baton-key-1-${'a'.repeat(58)}`, force: false }),
}

try {
  await QUESTIONS[what]?.()
  console.log('ok')
} catch (error) {
  if (!(error instanceof BatonError)) throw error
  console.log([error.code, error.message, error.hint].join(' ').replaceAll('\n', ' '))
}
