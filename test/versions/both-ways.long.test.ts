/** What nodes of this release say is read by the code of the release before it, and the other way about. */
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { toHex } from '../../src/base/bytes.js'
import { Registry } from '../../src/gossip/registry.js'
import { registryDocument } from '../../src/gossip/registry-document.js'
import { decodeNodeFacts, encodeNodeFacts } from '../../src/node/node-facts.js'
import { encodeFrame, visitFrames } from '../../src/proxy/splice-codec.js'
import type { SpliceFrame } from '../../src/proxy/splice-frame.js'
import { decodeGreeting, encodeGreeting } from '../../src/trunk/hello.js'
import { earlierProgram } from '../harness/earlier-release.js'
import { assert, suite } from '../harness/suite.js'
import { FRAMES } from '../proxy/splice-frames.js'

const test = suite('versions/both-ways', 60_000)
const NEEDS = { needs: ['git', 'tar'], earlier: true }

/** A module of the earlier release, by its place in its `dist`. Its exports are those of the same name here. */
function earlier<T>(file: string): Promise<T> {
  return import(pathToFileURL(path.resolve(path.dirname(earlierProgram()), '../dist', file)).href)
}

type SpliceCodec = Pick<typeof import('../../src/proxy/splice-codec.js'), 'visitFrames' | 'encodeFrame'>

/** Kinds that the release before this one passes over. */
const NEW_FRAMES = ['unserved', 'unread']

function read(codec: Pick<SpliceCodec, 'visitFrames'>, record: Uint8Array): SpliceFrame[] | string {
  const frames: SpliceFrame[] = []
  const problem = codec.visitFrames(record, {
    onDataFrame: () => {},
    onAckFrame: (handle, written, acknowledged, window) =>
      frames.push({ kind: 'ack', handle, written, acknowledged, window }),
    onFrame: (frame) => frames.push(frame),
  })
  return problem ?? frames
}

test(
  'splice frames: each is read as far as it is known, and new kinds are passed over',
  async () => {
    const old: SpliceCodec = await earlier('proxy/splice-codec.js')
    for (const [name, frame] of Object.entries(FRAMES)) {
      const there = read(old, encodeFrame(frame))
      if (NEW_FRAMES.includes(frame.kind)) {
        assert.equal(there, [], `${name} is passed over`)
        continue
      }
      assert.ok(Array.isArray(there) && there.length === 1, `${name}: ${there}`)
      const [seen] = there as SpliceFrame[]
      if (seen === undefined) continue
      assert.is(seen.kind, frame.kind, name)
      // What it says again has lost what it does not know, and nothing else.
      const [back] = read({ visitFrames }, old.encodeFrame(seen)) as SpliceFrame[]
      const lost = lostFrom(frame, back)
      assert.ok(
        lost.every((field) => /^(row\.)?(uniqueId|history\.\w+)$/.test(field)),
        `${name} lost ${lost}`,
      )
    }
  },
  NEEDS,
)

test(
  'a greeting: its release is passed over, and all else is read',
  async () => {
    const old: Pick<typeof import('../../src/trunk/hello.js'), 'decodeGreeting' | 'encodeGreeting'> =
      await earlier('trunk/hello.js')
    const hello = {
      kind: 'hello',
      versions: { lowest: 1, highest: 2 },
      features: 0xffff_ffff,
      node: '0f'.repeat(16),
      boot: 3,
      name: 'edge-1',
      proofs: [1, 2, 3, 4].map((byte) => new Uint8Array(32).fill(byte)),
    } as const
    const there = old.decodeGreeting(encodeGreeting({ ...hello, release: '0.2.0' }))
    assert.equal(there, { type: 'greeting', greeting: hello })
    assert.equal(decodeGreeting(old.encodeGreeting(hello)), { type: 'greeting', greeting: hello })
    const eight = { ...hello, proofs: Array.from({ length: 8 }, (_, i) => new Uint8Array(32).fill(i)) }
    const read = old.decodeGreeting(encodeGreeting(eight))
    assert.is(read.type === 'greeting' && read.greeting.kind === 'hello' && read.greeting.proofs.length, 4)
  },
  NEEDS,
)

test(
  'facts of a node: its release is passed over',
  async () => {
    const old: Pick<typeof import('../../src/node/node-facts.js'), 'decodeNodeFacts' | 'encodeNodeFacts'> =
      await earlier('node/node-facts.js')
    const serving = [{ service: 'web', term: 7, state: 'serving', problem: '' }] as const
    const facts = { listeners: Uint8Array.of(1, 2), serving, health: [], hosting: [], loadPermille: 20 }
    assert.equal(old.decodeNodeFacts(encodeNodeFacts({ ...facts, release: '0.2.0' })), facts)
    assert.equal(decodeNodeFacts(old.encodeNodeFacts(facts)), facts)
  },
  NEEDS,
)

test(
  'the registry: fields and entries that one does not know go through the other, whole',
  async () => {
    const { Registry: Old }: { Registry: typeof Registry } = await earlier('gossip/registry.js')
    const [there, here] = [new Old('a'.repeat(32)), new Registry('b'.repeat(32))]
    here.write('service/web', { ports: '80', sparkle: 'gold' }, 1_000)
    here.write('unicorn/one', { colour: 'white' }, 1_001)
    assert.equal(there.merge(here.state(), 1_002).ignored, [])
    // It writes another field of the same entry, and gives all back.
    there.write('service/web', { ports: '81' }, 2_000)
    here.merge(there.state(), 2_001)
    assert.equal(here.get('service/web'), { ports: '81', sparkle: 'gold' })
    assert.equal(there.get('unicorn/one'), { colour: 'white' })
    assert.is(there.fingerprint(), here.fingerprint())
    assert.equal(registryDocument(there.state()), registryDocument(here.state()))
  },
  NEEDS,
)

/** Paths of what the first has and the second has not, or has otherwise. */
function lostFrom(before: unknown, after: unknown, at = ''): string[] {
  if (before instanceof Uint8Array) {
    return after instanceof Uint8Array && toHex(before) === toHex(after) ? [] : [at]
  }
  if (typeof before !== 'object' || before === null) return before === after ? [] : [at]
  const there = (typeof after === 'object' && after !== null ? after : {}) as Record<string, unknown>
  return Object.entries(before).flatMap(([key, value]) => lostFrom(value, there[key], at === '' ? key : `${at}.${key}`))
}

test.run()
