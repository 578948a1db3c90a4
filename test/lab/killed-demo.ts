/** Makes what a demo has on this host, a folder and a process, says both, and waits to be killed. */
import { DemoFolder } from '../../src/lab/demo-folder.io.js'
import { childHere } from '../../src/lab/programs.io.js'

const folder = DemoFolder.make()
const child = childHere('sleeper', ['sleep', '60'], `${folder.path}/sleeper.log`)
console.log(JSON.stringify({ folder: folder.path, pid: child.pid }))
