import { LinkWriter } from '../../src/lane/link-writer.js'
import { ACK_BYTES } from '../../src/proxy/splice-codec.js'
import { RECORD_PLAINTEXT_BYTES_MAX, recordBuffers } from '../../src/trunk/record.js'
import { assert, suite } from '../harness/suite.js'
import { FakeSocket } from '../proxy/fake-socket.js'
import { PLAIN_SEAL } from './plain-seals.js'

const test = suite('lane/link-writer')

/** A link whose seal is broken: every way by which a record is written tells of it once, and throws nothing at a splice. */
function brokenLink() {
  const [faults, tasks]: [unknown[], (() => void)[]] = [[], []]
  const seal = () => {
    throw new Error('a bug')
  }
  const inbox = new ArrayBuffer(1_024 + RECORD_PLAINTEXT_BYTES_MAX)
  const writer = new LinkWriter(new FakeSocket(), { ...PLAIN_SEAL.sealer, seal }, recordBuffers(), {
    inbox,
    defer: (task) => tasks.push(task),
    onFault: (error) => {
      faults.push(error)
      writer.close()
    },
  })
  return { writer, faults, tasks, inbox }
}

type Broken = ReturnType<typeof brokenLink>

const WAYS: Readonly<Record<string, (link: Broken) => void>> = {
  'more bytes than a record holds': ({ writer }) => writer.data(2, 0, new Uint8Array(RECORD_PLAINTEXT_BYTES_MAX)),
  'a large chunk where it lies': ({ writer, inbox }) => writer.data(2, 0, new Uint8Array(inbox, 1_024, 100_000)),
  'a large chunk behind small ones': ({ writer, inbox }) => {
    writer.data(2, 0, new Uint8Array(8))
    writer.data(2, 8, new Uint8Array(inbox, 1_024, 100_000))
  },
  'an ACK for which there is no room': ({ writer }) => {
    for (let bytes = 0; bytes <= RECORD_PLAINTEXT_BYTES_MAX; bytes += ACK_BYTES) writer.ack(2, 0, 0, 0)
  },
  'the end of the turn': ({ writer, tasks }) => {
    writer.frame(new Uint8Array(8))
    for (const task of tasks) task()
  },
}

for (const [way, act] of Object.entries(WAYS)) {
  test(`a seal that throws ends the link, whoever wrote: ${way}`, () => {
    const link = brokenLink()
    act(link)
    assert.is(link.faults.length, 1)
    for (const task of link.tasks) task()
    link.writer.ack(2, 0, 0, 0)
    assert.is(link.faults.length, 1, 'nothing is written afterwards')
  })
}

test.run()
