/** Comes first, begins a thread and a process as ordinary ones, and prints how nice each is. */
import { spawnSync } from 'node:child_process'
import os from 'node:os'
import { Worker } from 'node:worker_threads'
import { asOrdinary, comeFirst } from '../../src/base/haste.io.js'

comeFirst()
const NICENESS = `require('node:os').getPriority()`
const child = asOrdinary(() => spawnSync(process.execPath, ['-p', NICENESS], { encoding: 'utf8' }))
const worker = asOrdinary(() => {
  return new Worker(`require('node:worker_threads').parentPort.postMessage(${NICENESS})`, { eval: true })
})
worker.on('message', (thread) => {
  console.log(JSON.stringify({ thread, process: Number(child.stdout), main: os.getPriority() }))
})
