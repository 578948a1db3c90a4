/**
 * When the first process of a PID namespace ends, the kernel kills all others in it (pid_namespaces(7)): a process that
 * had taken its place as well, with all its connections.
 */

/** First processes that end when the one ends that they have started. */
const FOLLOWERS = ['catatonit', 'tini', 'docker-init', 'podman-init', 'dumb-init']

/** `init`: what the first process of this namespace is called (/proc/1/comm), if that is the parent. */
export function endsWithNode(pid: number, init: string | undefined): string | undefined {
  const all = 'when it ends, all others end, and the one that would take its place'
  if (pid === 1) return `this node is the first process of its container: ${all}`
  if (init === undefined || !FOLLOWERS.includes(init)) return undefined
  return `the first process of this container, ${init}, ends with this node: ${all}`
}
