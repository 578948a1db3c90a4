import { readFileSync } from 'node:fs'
import { BatonError } from '../../base/errors.js'
import { endsWithNode } from './first-process.js'

/** Throws ERR_REPLACE_FIRST where whoever takes this process's place would be killed with it. */
export function refuseInFirstProcess(otherWay: string): void {
  const why = endsWithNode(process.pid, process.ppid === 1 ? nameOfInit() : undefined)
  if (why === undefined) return
  const hint = `start the container by baton-entry, which stays (docs/containers.md); or ${otherWay}`
  throw new BatonError('ERR_REPLACE_FIRST', why, { hint })
}

function nameOfInit(): string | undefined {
  try {
    return readFileSync('/proc/1/comm', 'utf8').trim()
  } catch {
    return undefined
  }
}
