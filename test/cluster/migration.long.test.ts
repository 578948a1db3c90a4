/** The examples of docs/migration-*.md: what they have typed is taken by a cluster, and it is then as the pages show it. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { LocalCluster } from '../../src/lab/cluster.io.js'
import { Lan } from '../../src/lab/hosts.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { missing } from './quick-start-page.js'

const test = suite('cluster/migration, long', 100_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'socat'], root: true }
const NAMES = ['host-1', 'host-2', 'host-3']

/** Starts a daemon that nobody stops but its guard, as the page's hook does. */
const HOOK = `#!/bin/sh
case $1 in
  start) setsid socat TCP-LISTEN:4000,reuseaddr,fork EXEC:cat > /dev/null 2>&1 < /dev/null & ;;
  stop) exit 0 ;;
  check) exit 0 ;;
esac
`

interface Example {
  readonly typed: readonly (readonly string[])[]
  readonly shown: string
}

/** The block that adds the service, and the first screen after it. */
function exampleOf(file: string, hook: string): Example {
  const page = readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8').replaceAll(
    '/etc/baton/ledger',
    hook,
  )
  const [, script = '', shown = ''] =
    /^```sh\n(baton service add[\s\S]*?)^```$[\s\S]*?^```text\n([\s\S]*?)^```$/m.exec(page) ?? []
  const lines = script.replace(/\\\n/g, ' ').trim().split('\n')
  return { typed: lines.map((line) => line.trim().split(/\s+/).slice(1)), shown }
}

/** Which host it is, and which program, is another's with each reader. */
function plain(screen: string): string {
  return screen
    .replace(/\b(slapd|ledgerd|socat) \(\d+\)/g, 'program')
    .replace(/\bhost-\d\b/g, 'host')
    .replace(/\b10\.(0|77)\.0\.\d\b/g, '10.0.0.1')
    .replace(/term \d+/g, 'term N')
}

async function cluster(scope: Scope): Promise<{ cluster: LocalCluster; hook: string }> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-migration-'))
  const lan = await Lan.make(
    NAMES.map((name, i) => ({ name, number: i + 1 })),
    folder,
  )
  scope.defer(async () => {
    await lan.remove()
    rmSync(folder, { recursive: true, force: true })
  })
  const hook = path.join(folder, 'ledger')
  writeFileSync(hook, HOOK)
  chmodSync(hook, 0o755)
  for (const host of lan.hosts) host.start('slapd', ['socat', 'TCP-LISTEN:389,reuseaddr,fork', 'EXEC:cat'])
  const started = await LocalCluster.start({
    addresses: lan.hosts.map(({ address }) => address),
    names: NAMES,
    folder: path.join(folder, 'state'),
    start: (name, command, output) => lan.named(name).start('baton', command, output),
  })
  await started.settled()
  return { cluster: started, hook }
}

test(
  'the converted configurations are taken, and the services are as the pages show them',
  async (scope) => {
    const lab = await cluster(scope)
    const [node] = lab.cluster.nodes
    if (node === undefined) throw new Error('no node')
    for (const file of ['migration-haproxy-keepalived.md', 'migration-pacemaker.md']) {
      const { typed, shown } = exampleOf(file, lab.hook)
      assert.ok(typed.length > 0 && shown !== '', file)
      for (const words of typed) await lab.cluster.baton(node, ...words)
      const [, , name = ''] = typed[0] ?? []
      let seen = ''
      // Line by line: nodes are in the order of their ids, which are drawn.
      const lacking = () =>
        plain(shown)
          .split('\n')
          .find((line) => missing(line, plain(seen)) !== undefined)
      const isShown = async () => {
        seen = (await lab.cluster.baton(node, 'service', 'show', name)).stdout
        return lacking() === undefined ? true : undefined
      }
      await until(isShown, 15_000, () => `${file}: ${lacking()}\n${seen}`, 500)
    }
  },
  NEEDS,
)

test.run()
