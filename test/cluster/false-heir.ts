/**
 * A process that asks a running node for everything, and then fails in some way. Prints what it was told.
 *
 * usage: node --import tsx false-heir.ts STATE-FOLDER WAY
 */
import path from 'node:path'
import { UnixListener } from '../../src/kernel/unix-channel.io.js'
import { ControlClient } from '../../src/node/control/control-client.io.js'
import { FRAME, HANDOVER_VERSION } from '../../src/node/succession/handover-protocol.js'

const [folder = '', way = ''] = process.argv.slice(2)
const LIMIT_MS = 20_000
const NOTHING = new Uint8Array(0)

async function ask(): Promise<string> {
  const socket = `replace.${process.pid}.sock`
  const listener = UnixListener.open(path.join(folder, socket))
  if ('why' in listener) return listener.why
  const version = way === 'version' ? HANDOVER_VERSION + 1 : HANDOVER_VERSION
  const client = new ControlClient(path.join(folder, 'control.sock'))
  await client.replace({ version, socket })
  const channel = listener.accept(LIMIT_MS)
  if ('why' in channel) return channel.why
  const hello = channel.receive(LIMIT_MS)
  if ('why' in hello) return hello.why
  if (way === 'dies at hello') return 'died'
  if (way === 'waits') {
    process.stdout.write('has hello\n')
    const next = channel.receive(LIMIT_MS)
    return 'why' in next ? next.why : 'something came'
  }
  channel.send(FRAME.ready, NOTHING, [], LIMIT_MS)
  for (;;) {
    const frame = channel.receive(LIMIT_MS)
    if ('why' in frame) return frame.why
    if (frame.kind === FRAME.failed) return new TextDecoder().decode(frame.bytes)
    if (frame.kind === FRAME.rows && way === 'dies with the rows') return 'died'
    // Its control plane answers still, and has something to tell its lanes then.
    if (frame.kind === FRAME.rows && way === 'changes something') await client.removeService('other')
    if (frame.kind === FRAME.rows && way !== 'never reads') channel.send(FRAME.ready, NOTHING, [], LIMIT_MS)
    if (frame.kind === FRAME.rows && way === 'dies when it has read') return 'died'
    if (frame.kind === FRAME.lane && way === 'dies with the lanes') return 'died'
    if (frame.kind === FRAME.end && way === 'dies with all') return 'died'
    if (frame.kind === FRAME.end && way === 'cannot read it') {
      channel.send(FRAME.failed, new TextEncoder().encode('it cannot read this'), [], LIMIT_MS)
      return 'refused'
    }
    if (frame.kind === FRAME.rows && way === 'never reads')
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LIMIT_MS)
    // And nothing more: it stands still with all that the node has.
    if (frame.kind === FRAME.end && way === 'hangs')
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LIMIT_MS)
  }
}

ask().then(
  (word) => {
    process.stdout.write(`${word}\n`)
    process.exit(0)
  },
  (error: unknown) => {
    process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(1)
  },
)
