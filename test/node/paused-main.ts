/** Has itself stopped for a while; says when it begins, and how long it stood still. */
import { preparePause } from '../../src/node/moves/pauser.io.js'

const LOOK_EVERY_MS = 10
const STOOD_MS = 200

const pauser = await preparePause(Number(process.argv[2]))
if ('why' in pauser) throw new Error(pauser.why)
let last = performance.now()
setInterval(() => {
  const now = performance.now()
  if (now - last > STOOD_MS) {
    process.stdout.write(`stood ${Math.round(now - last)}\n`)
    process.exit(0)
  }
  last = now
}, LOOK_EVERY_MS)
process.stdout.write('begins\n')
pauser.begin()
