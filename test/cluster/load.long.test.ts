/** Both cores busy with connections: the control plane must not notice. `LOAD_S=30` for a shorter look. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { assert, suite } from '../harness/suite.js'
import { addService, startCluster, startHello } from './fixture.js'

const seconds = Number(process.env['LOAD_S'] ?? 600)
const test = suite('cluster/load', (seconds + 60) * 1_000)

test(
  `under full load of the data plane for ${seconds} s no lease is lost and no member suspected`,
  async (scope) => {
    const fixture = await startCluster(scope)
    const { cluster, serviceAddress } = fixture
    startHello(scope, fixture, 8080)
    await addService(fixture, 'web', '8080', 3)
    const before = await cluster.serving('web')
    const began = Date.now()
    const wrk = spawn('wrk', ['-t2', '-c100', `-d${seconds}s`, '--latency', `http://${serviceAddress}:8080/`])
    scope.defer(() => void wrk.kill())
    let report = ''
    wrk.stdout.on('data', (chunk: Buffer) => {
      report += chunk.toString()
    })
    await new Promise((resolve) => wrk.once('close', resolve))
    const after = await cluster.serving('web')
    const events = cluster.nodes.flatMap(({ name, child }) =>
      readFileSync(child?.output ?? '', 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => ({ name, ...(JSON.parse(line) as { at: string; event: string; state?: string }) }))
        .filter(({ at }) => Date.parse(at) >= began),
    )
    const troubles = events.filter(
      ({ event, state }) => event === 'lease-lost' || state === 'suspect' || state === 'down',
    )
    console.log(`load ${loadavg()[0]?.toFixed(1)}; ${report.trim().split('\n').slice(-2).join('; ')}`)
    assert.equal(troubles, [])
    assert.equal([after.director.name, after.term?.number], [before.director.name, before.term?.number])
  },
  { needs: ['wrk'] },
)

test.run()
