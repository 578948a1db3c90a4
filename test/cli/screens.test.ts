import { renderAudit } from '../../src/cli/audit-view.js'
import { ansi, plain } from '../../src/cli/colour.js'
import { parseConfigFile } from '../../src/cli/config-file.js'
import { renderDeparture } from '../../src/cli/departure-view.js'
import { renderDrain, renderProgramDrain } from '../../src/cli/drain-view.js'
import { renderDrillPlan, renderDrillReport } from '../../src/cli/drill-view.js'
import { describeFailure, renderFailure } from '../../src/cli/failure.js'
import { FileFault } from '../../src/cli/file-fault.js'
import { renderImport } from '../../src/cli/import-view.js'
import { renderInit } from '../../src/cli/init-view.js'
import { renderBan, renderKeys, renderKeysChanged, renderRotation } from '../../src/cli/keys-view.js'
import { renderOverview } from '../../src/cli/overview.js'
import { renderService, renderServices } from '../../src/cli/service-view.js'
import { renderSplices } from '../../src/cli/splices-view.js'
import { renderStatus } from '../../src/cli/status-view.js'
import { renderTop, type TopView } from '../../src/cli/top-view.js'
import { planUpgrade } from '../../src/cli/upgrade-plan.js'
import { renderUpgrade } from '../../src/cli/upgrade-view.js'
import { renderWhy } from '../../src/cli/why-view.js'
import type { ServiceView } from '../../src/node/control/control-protocol.js'
import { UNHELD } from '../../src/proxy/reasons.js'
import { assert, suite } from '../harness/suite.js'
import { chosen } from './chosen-view.js'
import { audited, ban, ordinaryKeys, refusedRotation, rotatingKeys, rotation, WALL_MS } from './fake-keys.js'
import { finished, halfWay, notBegun, stuck } from './fake-upgrades.js'
import { farApart } from './far-view.js'
import { assertFits, assertGolden } from './golden.js'
import {
  alone,
  broken,
  departed,
  drillPlan,
  drillRecord,
  drillReport,
  FAULTY_FILE,
  fresh,
  healthy,
  imported,
  longNames,
  NODES,
  splices,
  undirected,
  uploading,
  web,
  why,
} from './views.js'

const test = suite('cli/screens')

const AT = new Date(2026, 0, 31, 12, 0, 7).getTime()
/** Three seconds after its director has died. */
const during: TopView = {
  status: {
    ...healthy,
    members: healthy.members.map((member, i) =>
      i === 2 ? { ...member, state: 'down', sinceMs: 3_000, directs: [] } : member,
    ),
  },
  rates: { accepted: 61.4, ended: 59, reset: 0.2, refused: 0, bytesUp: 1_840_000, bytesDown: 48_200_000 },
  past: [40, 44, 52, 60, 58, 12, 0, 70, 64, 61],
  events: [
    { number: 1, at: AT - 900_000, level: 'info', event: 'link-up', fields: {} },
    {
      number: 2,
      at: AT - 840_000,
      level: 'info',
      event: 'moved-out',
      fields: {},
      text: 'db was given away in order, within 61ms',
    },
    {
      number: 3,
      at: AT - 3_100,
      level: 'warn',
      event: 'peer-gone',
      fields: {},
      text: 'The process of node3 has ended',
    },
    {
      number: 4,
      at: AT - 3_000,
      level: 'info',
      event: 'director',
      fields: {},
      text: 'node2 directs web, term 7',
      service: 'web',
      isHandover: true,
    },
    { number: 5, at: AT - 2_900, level: 'info', event: 'recovered', fields: {}, text: 'web: 90 connections rebuilt' },
  ],
  at: AT,
}
const crowded = {
  ...healthy,
  warnings: [
    'service old cannot be read (ports is missing): upgrade this node, or remove it with `baton service rm old`',
  ],
  services: Array.from({ length: 30 }, (_, i) => ({ ...web, definition: { ...web.definition, name: `web-${i}` } })),
  members: Array.from({ length: 12 }, (_, i) => ({
    ...(healthy.members[i % 3] ?? healthy.members[0]),
    name: `node${i + 1}`,
    self: i === 0,
  })) as typeof healthy.members,
}

const byProxy = {
  ...splices,
  splices: splices.splices.map((one, i) => {
    return i === 0 ? { ...one, client: { ...one.client, from: '198.51.100.7:51000', via: '10.0.0.9:40112' } } : one
  }),
}
const behindProxies: ServiceView = {
  ...web,
  definition: { ...web.definition, acceptProxy: '10.0.0.0/8,2001:db8::/32', source: 'client' },
  introductions: { waiting: 1, taken: 1_204, malformed: 2, late: 0, ended: 31 },
}
const undecided = { ...why, director: null, term: null, sinceMs: null, sentences: ['No majority of voters answers.'] }
const made = {
  name: 'node1',
  id: '1f0c22ab'.repeat(4),
  folder: '/var/lib/baton',
  keyFile: '/var/lib/baton/cluster.key',
}
const faulty = new FileFault('ERR_FILE_INVALID', 'cluster.yaml', parseConfigFile(FAULTY_FILE).problems)
const secret = `baton-token-1-${'a'.repeat(90)}`

const NODE = NODES[2] ?? { id: '', name: '' }
const NOBODY = { to: null, toTerm: null, verdicts: null, after: null, servingMs: null, darkMs: null } as const
const drained = {
  node: web.backends[1]?.node ?? made,
  drained: true,
  moved: [{ service: 'web', to: web.backends[2]?.node ?? null }],
  still: [],
}

const [one, two, three] = web.backends
/** Runs on one node at a time, and has just failed there. */
const hosted: ServiceView = {
  ...web,
  definition: {
    ...web.definition,
    ...{ name: 'postgres', mode: 'single', program: '/etc/baton/postgres' },
    ...{ hosting: 'node2,node1', placement: 'favoured', requires: 'disk' },
  },
  hosting: {
    node: two?.node ?? made,
    state: 'starting',
    term: 12,
    words: 'hook /etc/baton/postgres check exited with 1: no answer on the socket',
    next: one === undefined ? [] : [one.node],
  },
  backends: [one, two].flatMap((backend, i) => {
    if (backend === undefined) return []
    return [
      { ...backend, state: i === 0 ? 'standby' : 'starting', why: i === 0 ? 'node2 has it' : 'it starts' } as const,
    ]
  }),
}
const ill: ServiceView = {
  ...web,
  definition: {
    ...web.definition,
    ...{ check: 'http', checkPath: '/health', checkExpect: 'ready', checkFrom: 'director', passiveLimit: 5 },
  },
  backends: [
    ...(one === undefined ? [] : [one]),
    ...(two === undefined
      ? []
      : [{ ...two, state: 'unhealthy', why: 'answered HTTP/1.1 503 Busy, expected 200-399' } as const]),
    ...(three === undefined ? [] : [{ ...three, state: 'draining', why: 'an operator drains its node' } as const]),
  ],
}
const programsDrained = {
  ...{ node: two?.node ?? made, service: 'web', drained: true, gradual: true },
  ...{ leftMs: 95_000, live: 12, hosted: ['postgres'] },
}

const SCREENS: Readonly<Record<string, (screen: { width: number; paint: typeof plain }) => string>> = {
  'status-healthy': (screen) => renderStatus(healthy, screen),
  'top-takeover': (screen) => renderTop(during, screen),
  'top-small': (screen) => renderTop({ ...during, status: crowded }, screen, 24),
  'status-far-apart': (screen) => renderStatus(farApart, screen),
  'status-alone': (screen) => renderStatus(alone, screen),
  departure: (screen) => renderDeparture('forgotten', departed, screen).join('\n'),
  'status-broken': (screen) => renderStatus(broken, screen),
  'status-namesakes': (screen) =>
    renderStatus({ ...healthy, members: healthy.members.map((one) => ({ ...one, name: 'vm' })) }, screen),
  'status-long-names': (screen) => renderStatus(longNames, screen),
  'status-waiting': (screen) => renderStatus({ ...healthy, services: [chosen, web] }, screen),
  'status-no-service': (screen) => renderStatus(fresh, screen),
  services: (screen) => renderServices([web, undirected], screen).join('\n'),
  'service-served': (screen) =>
    renderService({ ...web, drill: drillRecord }, screen, drillRecord.atMs + 90_000).join('\n'),
  'service-chosen': (screen) =>
    renderService({ ...chosen, drill: drillRecord }, screen, drillRecord.atMs + 90_000).join('\n'),
  'service-single': (screen) => renderService(hosted, screen, 0).join('\n'),
  'service-unhealthy': (screen) => renderService(ill, screen, 0).join('\n'),
  'services-programs': (screen) => renderServices([hosted, ill], screen).join('\n'),
  'drain-programs': (screen) => renderProgramDrain(programsDrained, 'web@node2', screen).join('\n'),
  'service-acknowledged-at-once': (screen) =>
    renderService(
      {
        ...web,
        definition: { ...web.definition, uploads: 'survive' },
        here: { device: 'baton0', unheld: 'the kernel cannot use tcx (since Linux 6.6)' },
      },
      screen,
      0,
    ).join('\n'),
  'service-acknowledged-when-safe': (screen) =>
    renderService(
      {
        ...web,
        definition: { ...web.definition, uploads: 'survive' },
        here: { device: 'baton0', overtaken: 'program 71 (cil_to_netdev) on eth0' },
        uploads: { held: 90, unheld: { [UNHELD.beside]: 2, [UNHELD.full]: 1 } },
      },
      screen,
      0,
    ).join('\n'),
  'service-no-director': (screen) => renderService(undirected, screen, 0).join('\n'),
  splices: (screen) => renderSplices(splices, screen),
  'splices-by-proxy': (screen) => renderSplices(byProxy, screen),
  'service-by-proxy': (screen) => renderService(behindProxies, screen, 0).join('\n'),
  'splices-none': (screen) => renderSplices({ ...splices, splices: [], total: 0 }, screen, 'web'),
  'splices-survivable': (screen) => renderSplices(splices, screen, undefined, true),
  'splices-uploads': (screen) => renderSplices(uploading, screen, undefined, true),
  why: (screen) => renderWhy(why, screen),
  'why-no-director': (screen) => renderWhy(undecided, screen),
  'init-founds': (screen) => renderInit({ ...made, founded: true }, { secret, isDefaultFolder: true }, screen),
  'init-joins': (screen) =>
    renderInit({ ...made, founded: false, folder: '/tmp/a' }, { secret: undefined, isDefaultFolder: false }, screen),
  'import-planned': (screen) => renderImport(imported, screen),
  'import-done': (screen) => renderImport({ ...imported, applied: true }, screen),
  'import-same': (screen) =>
    renderImport({ changes: imported.changes.slice(2, 3), problems: [], applied: true }, screen),
  'file-problems': (screen) => renderFailure(describeFailure(faulty), screen),
  'drill-plan': (screen) => renderDrillPlan(drillPlan, screen),
  'drill-plan-pause': (screen) =>
    renderDrillPlan({ ...drillPlan, fault: 'pause', also: [], forOthers: 0, alone: true, supervised: true }, screen),
  'drill-report': (screen) => renderDrillReport(drillReport, screen),
  'drill-report-nobody': (screen) => renderDrillReport({ ...drillReport, ...NOBODY, fault: 'pause' }, screen),
  'drain-done': (screen) => renderDrain(drained, screen).join('\n'),
  'drain-still': (screen) => renderDrain({ ...drained, moved: [], still: ['web'] }, screen).join('\n'),
  audit: (screen) => renderAudit(audited, screen).join('\n'),
  'audit-empty': (screen) => renderAudit({ records: [], isCut: false }, screen).join('\n'),
  'ban-rotated': (screen) =>
    renderBan({ ...ban, rotation, knownKeys: rotation.kept.map(({ id }) => id) }, screen).join('\n'),
  'ban-not-rotated': (screen) => renderBan({ ...ban, ...refusedRotation }, screen).join('\n'),
  ban: (screen) => renderBan({ ...ban, seat: 'remains', waiting: [NODE] }, screen).join('\n'),
  unban: (screen) => renderBan({ ...ban, banned: false }, screen).join('\n'),
  'keys-list': (screen) => renderKeys(ordinaryKeys, WALL_MS, screen).join('\n'),
  'keys-rotating': (screen) => renderKeys({ ...rotatingKeys, silent: [NODE] }, WALL_MS, screen).join('\n'),
  'keys-added': (screen) =>
    renderKeysChanged('added', { ...rotatingKeys, id: 'ab', waiting: [NODE] }, screen).join('\n'),
  'keys-used': (screen) => renderKeysChanged('used', { ...ordinaryKeys, id: 'ab', waiting: [] }, screen).join('\n'),
  'keys-removed': (screen) =>
    renderKeysChanged('removed', { ...ordinaryKeys, id: 'ab', waiting: [] }, screen).join('\n'),
  'keys-rotated': (screen) => renderRotation(rotation, screen).join('\n'),
  overview: (screen) => renderOverview('0.1.0', screen),
  'status-two-releases': (screen) => renderStatus(halfWay, screen),
  'upgrade-begin': (screen) => renderUpgrade(planUpgrade(notBegun, '0.2.0'), screen).join('\n'),
  'upgrade-half-way': (screen) => renderUpgrade(planUpgrade(halfWay, '0.2.0'), screen).join('\n'),
  'upgrade-blocked': (screen) => renderUpgrade(planUpgrade(stuck, '0.2.0'), screen).join('\n'),
  'upgrade-done': (screen) => renderUpgrade(planUpgrade(finished, '0.2.0'), screen).join('\n'),
}

for (const [name, render] of Object.entries(SCREENS)) {
  for (const width of [80, 120]) {
    test(`${name} at ${width} columns`, () => assertGolden(`${name}-${width}`, render({ width, paint: plain })))
  }

  test(`${name} is never wider than the terminal`, () => {
    // Commands to copy stay whole.
    const isCommand = (line: string) => /baton-(key|token)-1-/.test(line)
    for (let width = 66; width <= 200; width += 7) {
      const lines = render({ width, paint: plain }).split('\n')
      assertFits(lines.filter((line) => !isCommand(line)).join('\n'), width)
    }
  })

  test(`${name} says the same in colour`, () => {
    const painted = render({ width: 100, paint: ansi })
    const bare = painted
      .split('\u001b')
      .map((part, i) => (i === 0 ? part : part.replace(/^\[\d+m/, '')))
      .join('')
    assert.is(bare, render({ width: 100, paint: plain }))
  })
}

test("a peer's name cannot send controls to the terminal", () => {
  const text = renderStatus(longNames, { width: 200, paint: plain })
  assert.not.ok(text.includes('\u001b') || text.includes('\u202e'))
})

test('a status with any mark does not say that all is well', () => {
  assert.match(renderStatus(healthy, { width: 80, paint: plain }), 'All is well.')
  assert.not.match(renderStatus(broken, { width: 80, paint: plain }), 'All is well.')
})

test.run()
