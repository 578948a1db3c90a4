/** What the kernel takes of the steps of TCP_REPAIR, and when (net/ipv4/tcp.c; kernel-notes 1): the first step that it refuses, and why. */
import type { CaptureStep, Queue, RestoreStep } from '../../src/handoff/kernel-step.js'

export function refusalOf(steps: readonly (CaptureStep | RestoreStep)[], standing: boolean): string | undefined {
  let isDeaf = false
  let isRepaired = false
  let isBound = false
  let isTransparent = false
  let hasOptions = false
  let isEstablished = standing
  let queue: Queue = 'none'
  for (const step of steps) {
    const refused = (why: string) => `${step.op}: ${why}`
    switch (step.op) {
      case 'deafen':
        isDeaf = true
        break
      case 'hear':
        isDeaf = false
        break
      case 'repair':
        isRepaired = step.mode === 'on'
        if (isRepaired && isBound) return refused('a port in use would have been refused by bind already')
        if (!isRepaired && queue !== 'none') return refused('what is written then never leaves')
        break
      case 'transparent':
        isTransparent = step.on
        break
      case 'bind':
        if (!isTransparent) return refused('EADDRNOTAVAIL: the address is not here')
        isBound = true
        break
      case 'connect':
        if (!isRepaired) return refused('it would send a SYN')
        if (!isDeaf) return refused('what comes would be taken')
        isEstablished = isBound
        break
      case 'queue':
        if (!isRepaired) return refused('EPERM')
        queue = step.queue
        break
      case 'set-seq':
        if (isEstablished) return refused('EPERM: not in CLOSE')
        if (!isRepaired || queue === 'none') return refused('EINVAL')
        break
      case 'set-mss':
        if (isEstablished) return refused('segments are cut by what was known at connect')
        break
      case 'set-options':
        if (!isRepaired || !isEstablished) return refused('EINVAL: not established')
        hasOptions = true
        break
      case 'set-clock':
        if (!isRepaired) return refused('EPERM')
        if (!isEstablished) return refused('connect sets another')
        break
      case 'set-window':
      case 'read-window':
        if (!isRepaired) return refused('EPERM')
        if (step.op === 'set-window' && !hasOptions) return refused('its scale is not known yet')
        break
      case 'read-seq':
      case 'peek':
        if (!isRepaired || queue !== step.queue) return refused(`another queue is chosen: ${queue}`)
    }
  }
  return queue === 'none' ? undefined : 'a queue stays chosen'
}
