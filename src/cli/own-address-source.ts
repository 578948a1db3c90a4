import { existsSync, readFileSync } from 'node:fs'
import os from 'node:os'
import { type ChosenBind, chooseBind, defaultInterfaceOf } from './own-address.js'

/** See `chooseBind`. */
export function chooseBindHere(): ChosenBind {
  const addresses = Object.entries(os.networkInterfaces()).flatMap(([name, list]) => {
    const isInner = ['tun_flags', 'bridge'].some((kind) => existsSync(`/sys/class/net/${name}/${kind}`))
    return (list ?? []).map(({ address, internal }) => {
      return { interface: name, address, internal, isLinkLocal: /^fe[89ab]/i.test(address), isInner }
    })
  })
  return chooseBind({ addresses, defaultInterface: defaultInterfaceOf(routesHere()) })
}

function routesHere(): string {
  try {
    return readFileSync('/proc/net/route', 'utf8')
  } catch {
    return ''
  }
}
