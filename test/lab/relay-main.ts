/**
 * `relay-main.ts DELAY_MS JITTER_MS LOSS_SHARE SEED`: a slow cable (see Lan.addRelay). Frames keep their order; what does not fit into
 * the queue is lost, as in a router. Ends by itself after ten minutes.
 */
import { read, writeSync } from 'node:fs'
import { ByteWriter } from '../../src/base/bytes.js'
import { Prng } from '../../src/base/prng.js'
import { loadControlCalls } from '../../src/kernel/control-calls.io.js'

const [delayMs = 0, jitterMs = 0, lossShare = 0, seed = 1] = process.argv.slice(2).map(Number)
const random = new Prng(seed)
const O_RDWR = 2
const TUNSETIFF = 0x400454ca
const [IFF_TAP, IFF_NO_PI] = [0x0002, 0x1000]
const [NAME_BYTES, IFREQ_BYTES] = [16, 40]
const FRAME_BYTES_MAX = 65_536
const QUEUE_MAX = 10_000
const LIFE_MS = 600_000

const calls = loadControlCalls()
if ('why' in calls) throw new Error(calls.why)

function openTap(): { readonly fd: number; readonly name: string } {
  if ('why' in calls) throw new Error(calls.why)
  const fd = calls.open('/dev/net/tun', O_RDWR)
  const request = new Uint8Array(IFREQ_BYTES)
  request.set(new TextEncoder().encode('slow%d'))
  request.set(new ByteWriter(2).u16(IFF_TAP | IFF_NO_PI).finish(), NAME_BYTES)
  const made = fd < 0 ? fd : calls.ioctl(fd, TUNSETIFF, request)
  if (made < 0) throw new Error(`no TAP device: ${made}`)
  return { fd, name: new TextDecoder().decode(request.subarray(0, request.indexOf(0))) }
}

function carry(from: number, to: number): void {
  const buffer = Buffer.alloc(FRAME_BYTES_MAX)
  let lastAt = 0
  let queued = 0
  const next = (): void => {
    read(from, buffer, 0, buffer.length, null, (error, length) => {
      // The device is down for a moment while it is moved.
      if (error !== null) return void setTimeout(next, 10)
      if (queued < QUEUE_MAX && random.unit() >= lossShare) {
        const frame = Buffer.from(buffer.subarray(0, length))
        const now = performance.now()
        lastAt = Math.max(lastAt, now + delayMs + random.between(-jitterMs, jitterMs))
        queued++
        setTimeout(() => {
          queued--
          try {
            writeSync(to, frame)
          } catch {
            // Nobody is at that end: lost.
          }
        }, lastAt - now)
      }
      next()
    })
  }
  next()
}

const [near, far] = [openTap(), openTap()]
process.stdout.write(`${near.name} ${far.name}\n`)
carry(near.fd, far.fd)
carry(far.fd, near.fd)
setTimeout(() => process.exit(), LIFE_MS).unref()
