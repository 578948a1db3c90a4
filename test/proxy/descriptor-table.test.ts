import { recorded } from '../../src/kernel/recorded-syscalls.io.js'
import type { Syscalls } from '../../src/kernel/syscalls.io.js'
import { DESCRIPTORS_MAX, DescriptorTable } from '../../src/proxy/descriptor-table.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('proxy/descriptor-table')

test('who has what, as all see it who share the memory', () => {
  const memory = DescriptorTable.bytes()
  const [writer, reader] = [new DescriptorTable(memory), new DescriptorTable(memory)]
  writer.took(7, 0)
  writer.took(9, 63, true)
  writer.took(11, 63)
  writer.took(DESCRIPTORS_MAX + 1, 63)
  assert.equal([reader.of(0), reader.of(63), reader.of()], [[7], [9, 11], [7, 9, 11]])
  assert.equal([reader.isAccepted(9), reader.isAccepted(11)], [true, false])
  writer.letGo(9)
  assert.equal([reader.of(63), reader.isAccepted(9)], [[11], false])
})

test('what system calls open and close is recorded, and what fails is not', () => {
  const heard: string[] = []
  const answers = { socket: 5, accept4: 6, epollCreate: 7, eventfd: -24 }
  const fake = {
    socket: () => answers.socket,
    accept4: () => answers.accept4,
    epollCreate: () => answers.epollCreate,
    eventfd: () => answers.eventfd,
    close: (fd: number) => heard.push(`closed ${fd}`),
  } as unknown as Syscalls
  const calls = recorded(fake, {
    took: (fd, isAccepted) => heard.push(`took ${fd} ${isAccepted}`),
    letGo: (fd) => heard.push(`let go ${fd}`),
  })
  assert.equal(
    [calls.socket(2, 1), calls.accept4(5, 0, 0, 0), calls.epollCreate(0), calls.eventfd(0, 0)],
    [5, 6, 7, -24],
  )
  calls.close(6)
  assert.equal(heard, ['took 5 false', 'took 6 true', 'took 7 false', 'let go 6', 'closed 6'])
})

test.run()
