/** A cluster as its status page sees it; `during` a takeover, some seconds after the director has died. */
import type { Happening, Overview } from '../../src/page/ports.js'

export const AT = 1_769_860_800_000
const STEP_MS = 5_000
const SAMPLES = 720
const SECOND = 1_000

/** A quiet line with a wave in it and, at the takeover, a notch. */
function line(base: number, swing: number, notchAt: number): number[] {
  return Array.from({ length: SAMPLES }, (_, i) => {
    const wave = Math.sin(i / 53) * 0.6 + Math.sin(i / 17) * 0.25 + Math.sin(i * 1.7) * 0.08
    const notch = i >= notchAt && i < notchAt + 3 ? 0.94 : 1
    return Math.round((base + swing * wave) * notch)
  })
}

const EARLIER: Happening[] = [
  {
    at: AT - 14 * 60 * SECOND,
    tone: 'note',
    text: 'db was given away in order, within 61ms',
    service: 'db',
    isHandover: false,
  },
  {
    at: AT - 14 * 60 * SECOND - 60,
    tone: 'change',
    text: 'cedar directs db, term 12',
    service: 'db',
    isHandover: true,
  },
  { at: AT - 41 * 60 * SECOND, tone: 'note', text: 'birch is alive', service: undefined, isHandover: false },
  {
    at: AT - 44 * 60 * SECOND,
    tone: 'note',
    text: 'The voters are alder, birch, cedar',
    service: undefined,
    isHandover: false,
  },
]

export function overview(during = false): Overview {
  const takeover: Happening[] = [
    { at: AT - 1 * SECOND, tone: 'note', text: 'web: 4,812 proven whole', service: 'web', isHandover: false },
    { at: AT - 2 * SECOND, tone: 'note', text: 'web: 4,812 connections rebuilt', service: 'web', isHandover: false },
    { at: AT - 3 * SECOND, tone: 'change', text: 'birch directs web, term 8', service: 'web', isHandover: true },
    {
      at: AT - 3 * SECOND,
      tone: 'warn',
      text: 'The process of alder has ended',
      service: undefined,
      isHandover: false,
    },
  ]
  const web = during ? { director: 'birch', term: 8 } : { director: 'alder', term: 7 }
  const notch = during ? SAMPLES - 4 : SAMPLES
  return {
    at: AT,
    node: { name: 'birch', version: '0.1.0', upMs: 9 * 3_600_000 + 120_000 },
    voters: { all: 3, reachable: during ? 2 : 3, quorum: 2 },
    nodes: [
      { ...node('alder', '10.0.0.1'), ...(during && { state: 'down', sinceMs: 3_000 }) },
      { ...node('birch', '10.0.0.2'), self: true },
      node('cedar', '10.0.0.3'),
      { ...node('door', '10.0.0.4'), role: 'witness', voter: false },
    ],
    services: [
      {
        ...service('db', '10.0.0.101', '5432', 'cedar', 12, 214, line(210, 30, SAMPLES)),
        backends: [backend('birch', 5432, 'standby', 0), backend('cedar', 5432, 'healthy', 214)],
      },
      {
        ...service('mail', '10.0.0.102', '25,143,993', 'cedar', 3, 96, line(90, 40, SAMPLES)),
        backends: [
          backend('birch', 143, 'healthy', 51),
          backend('cedar', 143, 'unhealthy', 45, 'no greeting within 2s'),
        ],
      },
      {
        ...service('web', '10.0.0.100', '80,443', web.director, web.term, 4_812, line(4_700, 420, notch)),
        backends: ['alder', 'birch', 'cedar'].map((name, i) =>
          backend(name, 443, during && i === 0 ? 'unhealthy' : 'healthy', during && i === 0 ? 0 : 1_604 + i),
        ),
        survival: during ? { directed: 4_812, survivable: 4_630 } : undefined,
      },
    ],
    totals: {
      splices: 5_122,
      directed: during ? 4_812 : 0,
      survivable: during ? 4_630 : 0,
      mortal: during ? { 'its program is on the director’s own host': 182 } : {},
      accepted: 1_204_311,
      refused: 17,
      rates: { accepted: 61.4, up: 1_840_000, down: 48_200_000 },
    },
    history: {
      stepMs: STEP_MS,
      endAt: AT,
      splices: line(5_000, 500, notch),
      accepted: line(60, 20, notch),
      up: line(1_800_000, 500_000, notch),
      down: line(46_000_000, 9_000_000, notch),
    },
    events: [...(during ? takeover : []), ...EARLIER],
    warnings: [],
  }
}

function node(name: string, address: string): Overview['nodes'][number] {
  const rest = { role: 'node', voter: true, drained: false, link: '' } as const
  return { name, address, self: false, state: 'alive', sinceMs: 3_000_000, ...rest }
}

function service(
  name: string,
  address: string,
  ports: string,
  director: string,
  term: number,
  splices: number,
  trend: readonly number[],
): Overview['services'][number] {
  const rest = { serving: 'yes', why: '', problem: undefined, backends: [], survival: undefined } as const
  return { name, address, ports, director, term, splices, trend, ...rest }
}

function backend(name: string, port: number, state: string, splices: number, why = '') {
  return { node: name, port, state, why, splices }
}
