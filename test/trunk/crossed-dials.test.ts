import { assert, suite } from '../harness/suite.js'
import { LinkModel } from './link-model.js'

const test = suite('trunk/crossed-dials', 20_000)
const SEEDS = 3_000

/** Runs until nothing can happen any more; the bound finds nodes that take each other's links down for ever. */
function settle(model: LinkModel, seed: number): void {
  for (let steps = 0; model.step(); steps++) assert.ok(steps < 2_000, `no end, SEED=${seed}`)
}

function assertOneLink(model: LinkModel, seed: number): void {
  const [a, b] = model.nodes
  assert.type(a.connection, 'number', `no link, SEED=${seed}`)
  assert.is(a.connection, b.connection, `different links, SEED=${seed}`)
  assert.equal([a.ends.size, b.ends.size], [1, 1], `more than one connection, SEED=${seed}`)
}

test('two nodes that dial each other have one link, in every order of events', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const model = new LinkModel(seed)
    model.want(0)
    for (let i = seed % 7; i > 0; i--) model.step()
    model.want(1)
    settle(model, seed)
    assertOneLink(model, seed)
  }
})

test('nothing above sees the crossing, and nobody has to dial twice', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const model = new LinkModel(seed)
    model.want(0)
    model.want(1)
    settle(model, seed)
    const [a, b] = model.nodes
    assert.equal([a.ups, a.downs, b.ups, b.downs], [1, 0, 1, 0], `SEED=${seed}`)
    assert.ok(model.connections <= 2, `${model.connections} dials, SEED=${seed}`)
  }
})

test('connections that break in the middle of it leave one link in the end', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const model = new LinkModel(seed)
    model.want(0)
    model.want(1)
    for (let cuts = seed % 4; cuts > 0; cuts--) {
      for (let i = (seed >> 2) % 23; i > 0; i--) model.step()
      model.cut()
    }
    settle(model, seed)
    assertOneLink(model, seed)
  }
})

test.run()
