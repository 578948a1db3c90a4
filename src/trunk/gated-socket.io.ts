import { Duplex } from 'node:stream'
import type { FrameGate } from './frame-gate.js'

/**
 * A TCP socket, or what stands for one, with a frame gate before its reader: a chunk that the gate refuses goes no further, and its problem is
 * told to the owner, who closes.
 * Writes go straight into the socket; how much may wait there is the link's to bound.
 */
export class GatedSocket extends Duplex {
  constructor(
    private readonly socket: Duplex,
    gate: FrameGate,
    onRefused: (problem: string) => void,
  ) {
    super()
    socket.on('data', (chunk: Buffer) => {
      const problem = gate.inspect(chunk)
      if (problem !== undefined) onRefused(problem)
      else if (!this.push(chunk)) socket.pause()
    })
    socket.on('end', () => this.push(null))
    socket.on('error', (error) => this.destroy(error))
    socket.on('close', () => this.destroy())
  }

  override _read(): void {
    this.socket.resume()
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.socket.write(chunk)
    done()
  }

  override _final(done: (error?: Error | null) => void): void {
    this.socket.end()
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.socket.destroy()
    done(error)
  }
}
