/**
 * The package on a bare Debian 12 and 13: with the Node.js of the one, which is too old, with that of the other, and with this
 * machine's; and the steps of the image of Containerfile, as far as they go without a container engine.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { assert, suite } from '../harness/suite.js'
import { Chroot, type Said } from './chroot.js'
import { packTree, ROOT } from './pack.js'

const test = suite('install/debian', 600_000)
const NEEDS = { root: true, needs: ['debootstrap', 'unshare', 'chroot', 'ip', 'npm', 'git'] }
const TARBALL = 'root/baton.tgz'
const FROM_DEBIAN = 'apt-get update -qq && apt-get install -y -qq --no-install-recommends nodejs npm'

/** One node, one program, a service, and a client; what the client hears is the last line. */
const ONE_NODE = `set -e
  export BATON_STATE=/root/state
  baton init --name alone > /dev/null
  baton up --bind 127.0.0.1 --log-format json > /root/log 2>&1 &
  up=$!
  node -e 'require("http").createServer((q, a) => a.end("hello from Debian\\n")).listen(8080, "127.0.0.1")' &
  for i in $(seq 100); do baton status > /dev/null 2>&1 && break; sleep 0.2; done
  baton status | head -2
  baton service add web --address 127.0.0.77 --ports 8080 --own none --force > /dev/null
  for i in $(seq 50); do curl -sf --max-time 2 http://127.0.0.77:8080/ && break; sleep 0.2; done
  baton service show web --json > /dev/null
  kill $up; wait $up`

const did = ({ exit, text }: Said) => assert.is(exit, 0, text.slice(-3_000))

async function servesAsInstalled(debian: Chroot): Promise<void> {
  const npx = await debian.sh(`cd /root && npx --yes ./baton.tgz --version && npx --yes ./baton.tgz doctor --json`)
  assert.match(npx.text, /baton\/\d+\.\d+\.\d+\S* linux-\w+ node-v2\d/)
  for (const part of ['koffi', 'sodium-native', 'udx-native']) {
    assert.match(npx.text, new RegExp(`"id": "native/${part}",\\s+"area": "native parts",\\s+"level": "ok"`))
  }
  const installed = await debian.sh('cd /root && npm install --global ./baton.tgz')
  did(installed)
  // Neither tests nor what builds: `prepare` would have needed it.
  const home = 'usr/local/lib/node_modules/baton'
  for (const name of ['typescript', 'tsx', 'uvu']) assert.not(debian.has(`${home}/node_modules/${name}`), name)
  assert.not(installed.text.includes('tsc'))
  const pages = debian.list('usr/local/share/man/man1').filter((page) => page.startsWith('baton'))
  assert.ok(pages.length >= 40, `${pages.length} man pages`)
  const node = await debian.sh(ONE_NODE, 'own')
  did(node)
  assert.match(node.text, 'hello from Debian', debian.read('root/log'))
  const completed = await debian.sh('bash -c "source <(baton completion bash); complete -p baton"')
  assert.match(completed.text, '_baton baton')
  did(await debian.sh('npm uninstall --global baton'))
  assert.not(debian.has(home))
  assert.not(debian.has('usr/local/bin/baton'))
  assert.equal(
    debian.list('usr/local/share/man/man1').filter((page) => page.startsWith('baton')),
    [],
  )
}

test(
  'Debian 12: its own Node.js 18 is refused at install and at start; with a newer one Baton serves; the image’s steps make a node of few rights',
  async (scope) => {
    const { tarball } = await packTree(scope)
    const debian = await Chroot.make(scope, 'bookworm')
    debian.take(tarball, TARBALL)

    did(await debian.sh(FROM_DEBIAN))
    const old = await debian.sh('cd /root && npm install --global ./baton.tgz && baton up')
    assert.match(old.text, /EBADENGINE[\s\S]*package: 'baton@[\s\S]*?required: \{ node: '>=20' \}[\s\S]*?node: 'v18\./)
    assert.match(old.text, /Error: Baton needs Node\.js 20 or later, and this is Node\.js 18\.\S+ at \/usr\/bin\/node/)
    assert.match(old.text, /Try: +Debian 13 has one/)
    assert.is(old.exit, 1)
    const npx = await debian.sh('cd /root && npx --yes ./baton.tgz doctor')
    assert.match(npx.text, /Error: Baton needs Node\.js 20 or later/)
    did(await debian.sh('npm uninstall --global baton && apt-get purge -y -qq nodejs npm && apt-get autoremove -y -qq'))

    debian.takeOwnNode()
    await servesAsInstalled(debian)
    await madeByContainerfile(debian)
  },
  NEEDS,
)

/** The RUN lines of the last stage, with what the one before it installs, and the entry point as a first process. */
async function madeByContainerfile(debian: Chroot): Promise<void> {
  const text = readFileSync(path.join(ROOT, 'Containerfile'), 'utf8').replace(/\\\n/g, '')
  const install = /npm install --global --prefix \S+/.exec(text)?.[0] ?? ''
  did(await debian.sh(`${install} /root/baton.tgz`))
  const last = text.slice(text.lastIndexOf('\nFROM '))
  for (const [, step = ''] of last.matchAll(/^RUN (.*)$/gm)) did(await debian.sh(step))
  const entry = (JSON.parse(/^ENTRYPOINT (.*)$/m.exec(last)?.[1] ?? '[]') as string[]).join(' ')
  const state = /^ENV BATON_STATE=(.*)$/m.exec(last)?.[1] ?? ''
  const told = await debian.sh(
    `export BATON_STATE=${state}
    ${entry} init --name contained > /dev/null || exit 9
    # A first process of its own, as the engine starts it.
    unshare --pid --fork --propagation unchanged --mount-proc ${entry} up --bind 127.0.0.1 --log-format json > /root/log 2>&1 &
    for i in $(seq 100); do ${entry} status > /dev/null 2>&1 && break; sleep 0.2; done
    node=$(pgrep -u baton -f 'baton up' | tail -1)
    grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs)' /proc/$node/status
    ${entry} reload > /dev/null && ${entry} status --json | grep -A1 '"replaced"'
    kill -TERM $(cat /proc/$!/task/$!/children)
    wait $!; echo "ended $?"`,
    'own',
  )
  const words = `${told.text}\n${debian.read('root/log')}`
  // CAP_NET_BIND_SERVICE, CAP_NET_ADMIN, CAP_NET_RAW and CAP_BPF, and none of root's.
  assert.match(told.text, /Uid:\s+[1-9]\d*\s/, words)
  assert.match(told.text, /CapEff:\s+0000008000003400\nCapBnd:\s+0000008000003400\nNoNewPrivs:\s+1/, words)
  assert.match(told.text, /"times": 1/, words)
  assert.match(told.text, /ended 0/, words)
}

test(
  'Debian 13 with its own Node.js 20',
  async (scope) => {
    const { tarball } = await packTree(scope)
    const debian = await Chroot.make(scope, 'trixie')
    debian.take(tarball, TARBALL)
    did(await debian.sh(FROM_DEBIAN))
    await servesAsInstalled(debian)
  },
  NEEDS,
)

test.run()
