/** The systemd unit of a node: an unprivileged user with just the rights that are needed, each with its reason. */

export interface UnitOptions {
  /** The command, its words as systemd is to read them. */
  readonly command: readonly string[]
  readonly reload: readonly string[]
  readonly user: string
}

export const STATE_FOLDER = '/var/lib/baton'

const RIGHTS: readonly (readonly [name: string, why: string])[] = [
  ['CAP_NET_ADMIN', 'the device with the addresses, deadlines on interfaces, sockets that are rebuilt'],
  ['CAP_NET_RAW', 'ARP and neighbour discovery'],
  ['CAP_BPF', 'the programs for any port and for deadlines'],
  ['CAP_NET_BIND_SERVICE', 'service ports below 1024'],
]

export function systemdUnit({ command, reload, user }: UnitOptions): string {
  const rights = RIGHTS.map(([name]) => name).join(' ')
  return `[Unit]
Description=Baton: one address, every node
Wants=network-online.target
After=network-online.target
# However often it fails: a host that gave up would be missed by its services for ever.
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart=${command.map(quoted).join(' ')}
# An upgrade that costs no connection: the node starts itself anew, and tells systemd of its new main process.
ExecReload=${reload.map(quoted).join(' ')}
Restart=always
RestartSec=1
# Commands that stop the node mean it.
SuccessExitStatus=75
RestartPreventExitStatus=75
WatchdogSec=10
# An orderly stop hands services over; after so long it is not orderly any more.
TimeoutStopSec=15
KillMode=mixed

User=${user}
StateDirectory=baton
StateDirectoryMode=0700
# For --access-log /var/log/baton/access.log.
LogsDirectory=baton
LogsDirectoryMode=0750

# Two descriptors a connection; the device with the addresses is the highest.
LimitNOFILE=1048576
# A process that writes its memory to disk goes on answering for its addresses meanwhile.
LimitCORE=0
# What renews leases comes before the node's other threads; all of a node does while another process replaces it (reload).
LimitNICE=-10
# Where the processor is short, three times the share of another service: a lease that is not renewed in time is lost.
CPUWeight=300
# The last to be killed for want of memory: a director's death is a gap for its clients.
OOMScoreAdjust=-900

# Rights, and no others:
${RIGHTS.map(([name, why]) => `#   ${name.padEnd(21)} ${why}`).join('\n')}
AmbientCapabilities=${rights}
CapabilityBoundingSet=${rights}
NoNewPrivileges=yes

ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
RestrictNamespaces=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service bpf
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET
DevicePolicy=closed
DeviceAllow=/dev/net/tun rw
UMask=0077
# Not MemoryDenyWriteExecute: the JavaScript engine makes machine code as it runs.

[Install]
WantedBy=multi-user.target
`
}

/** sysusers.d(5) */
export function systemdUser(user: string): string {
  return `u ${user} - "Baton" ${STATE_FOLDER}\n`
}

/** As systemd splits a line (systemd.service(5)): % and $ mean something to it. */
function quoted(word: string): string {
  const plain = word.replaceAll('%', '%%').replaceAll('$', '$$$$')
  return /^[\w@%+=:,./$-]+$/.test(plain) ? plain : `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
