import { ByteWriter, utf8 } from '../../src/base/bytes.js'
import { loadControlCalls } from '../../src/kernel/control-calls.io.js'
import { assert, type Scope } from '../harness/suite.js'

const SOCK_DGRAM_NONBLOCK = 2 | 0o4000

/** A service manager that hears at a name; what it has heard since the last question. */
export function serviceManager(scope: Scope, at: string): (() => string[]) | undefined {
  const calls = loadControlCalls()
  if ('why' in calls) return undefined
  const fd = calls.socket(1, SOCK_DGRAM_NONBLOCK, 0)
  scope.defer(() => void calls.close(fd))
  const name = utf8(at)
  if (at.startsWith('@')) name[0] = 0
  assert.is(calls.bind(fd, new ByteWriter(128).u16(1).put(name).finish()), 0)
  const into = new Uint8Array(1_024)
  return () => {
    const heard: string[] = []
    for (let length = calls.receive(fd, into); length > 0; length = calls.receive(fd, into)) {
      heard.push(new TextDecoder().decode(into.subarray(0, length)))
    }
    return heard
  }
}
