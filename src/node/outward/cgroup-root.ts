/** Where cgroups of version 2 are, in the words of /proc/self/mountinfo (proc_pid_mountinfo(5)); `undefined`: nowhere. */
export function cgroupRoot(mounts: string): string | undefined {
  for (const line of mounts.split('\n')) {
    const [fields = '', types = ''] = line.split(' - ')
    if (types.startsWith('cgroup2 ')) return unescaped(fields.split(' ')[4] ?? '')
  }
  return undefined
}

/** A blank is written `\040`. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

export const NO_CGROUPS = 'no cgroup2 file system is mounted on this host'
