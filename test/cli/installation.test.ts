import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { planInstallation, removeInstallation, writeInstallation } from '../../src/cli/installation.js'
import { systemdUnit } from '../../src/cli/systemd-unit.js'
import { assert, type Scope, suite } from '../harness/suite.js'

const test = suite('cli/installation', 20_000)

function root(scope: Scope): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-install-'))
  scope.defer(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Of this machine systemd is to take no notice. */
function plan(folder: string) {
  return { ...planInstallation('/opt/baton/bin/baton.js', folder), commands: [], endCommands: [] }
}

test('what is written can be written again and removed, and leaves nothing', (scope) => {
  const installation = plan(root(scope))
  assert.equal(writeInstallation(installation, false), [])
  assert.equal(writeInstallation(installation, false), [])
  const [unit] = installation.files
  assert.match(readFileSync(unit?.path ?? '', 'utf8'), 'ExecStart=')
  assert.equal(
    removeInstallation(installation).removed,
    installation.files.map(({ path: file }) => file),
  )
  for (const { path: file } of installation.files) assert.throws(() => readFileSync(file), 'ENOENT')
})

test('the service ends before its unit goes; where nothing was installed nothing is done', (scope) => {
  const installation = { ...plan(root(scope)), endCommands: [['no-such-program', 'stop']] }
  assert.equal(removeInstallation(installation), { removed: [], problems: [] })
  writeInstallation(installation, false)
  assert.match(removeInstallation(installation).problems.join(), 'run `no-such-program stop` by hand: ENOENT')
  assert.equal(planInstallation('/opt/baton/bin/baton.js').endCommands, [
    ['systemctl', 'disable', '--now', 'baton.service'],
  ])
})

test('a file that was changed is not overwritten, and then none is, unless it is forced', (scope) => {
  const installation = plan(root(scope))
  writeInstallation(installation, false)
  const [unit, user] = installation.files.map(({ path: file }) => file)
  writeFileSync(unit ?? '', 'mine')
  rmSync(user ?? '')
  assert.throws(() => writeInstallation(installation, false), 'is there already and differs')
  assert.throws(() => readFileSync(user ?? ''), 'ENOENT')
  writeInstallation(installation, true)
  assert.match(readFileSync(unit ?? '', 'utf8'), '[Unit]')
})

test('a command that systemd lacks is told, to be run by hand', (scope) => {
  const installation = { ...plan(root(scope)), commands: [['no-such-program', 'x']] }
  assert.match(writeInstallation(installation, false).join(), 'run `no-such-program x` by hand: ENOENT')
})

test('a program in a home folder is no place for a service', () => {
  assert.match(planInstallation('/home/me/baton/bin/baton.js').notes.join(), 'home folder')
})

test('nor is a temporary one, of which the unit has its own', () => {
  assert.match(planInstallation('/tmp/baton/bin/baton.js').notes.join(), 'temporary folder')
  assert.not(planInstallation('/opt/tmp/bin/baton.js').notes.join().includes('/opt/tmp'))
})

test('a node that fails again and again is started again and again', () => {
  assert.match(
    systemdUnit({ command: ['baton'], reload: [], user: 'baton' }),
    /\[Unit\][^[]*\nStartLimitIntervalSec=0\n/,
  )
})

test('words that mean something to systemd are written so that they do not', () => {
  const unit = systemdUnit({ command: ['/opt/my node/node', '100%', 'a$b', 'say "x"'], reload: [], user: 'baton' })
  assert.match(unit, 'ExecStart="/opt/my node/node" 100%% a$$b "say \\"x\\""')
})

test(
  'systemd takes the unit without complaint',
  (scope) => {
    const file = path.join(root(scope), 'baton.service')
    writeFileSync(file, systemdUnit({ command: [process.execPath, 'up'], reload: [], user: 'root' }))
    const said = execFileSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8', stdio: 'pipe' })
    assert.is(said, '')
  },
  { needs: ['systemd-analyze'] },
)

test.run()
