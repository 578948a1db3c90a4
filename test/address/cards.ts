import type { Interface } from '../../src/address/ports.js'

/** Interface `ethN`; `subnets` as `10.0.0.1/24`, all of metric N. */
export function card(index: number, subnets: readonly string[]): Interface {
  return {
    index,
    name: `eth${index}`,
    mac: `02:00:00:00:00:0${index}`,
    isUsable: true,
    ignoresArp: false,
    subnets: subnets.map((subnet) => {
      const [address = '', prefix] = subnet.split('/')
      return { address, prefix: Number(prefix), metric: index }
    }),
  }
}
