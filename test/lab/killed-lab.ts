/** Makes a host with a program on it, says the ids of all processes, and waits to be killed. */
import { Lan } from '../../src/lab/hosts.io.js'

const [, , folder = ''] = process.argv
const lan = await Lan.make([{ name: 'a', number: 1 }], folder)
const host = lan.named('a')
const program = host.start('sleeper', ['sleep', '60'])
console.log(JSON.stringify([lan.switchPid, host.namespace.pid, program.pid]))
