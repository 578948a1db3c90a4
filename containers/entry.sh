#!/bin/sh
# First process of the container. It stays when another process takes the node's place (baton reload), which would end
# with the container otherwise; gives up being root, with the rights that a node needs and this container has; and passes on signals.
set -u
state=${BATON_STATE:-/var/lib/baton}

if [ "$(id -u)" = 0 ] && [ -z "${BATON_AS_ROOT:-}" ]; then
  rights=-all
  for right in net_admin net_raw bpf net_bind_service; do
    if setpriv --inh-caps "+$right" --ambient-caps "+$right" true 2>/dev/null; then rights="$rights,+$right"; fi
  done
  # Whose home is not root's, where it may not look.
  export HOME="$state"
  exec setpriv --reuid baton --regid baton --clear-groups --no-new-privs \
    --bounding-set "$rights" --inh-caps "$rights" --ambient-caps "$rights" -- "$0" "$@"
fi

case "${1:-}" in
  up | witness | bootstrap) ;;
  # Commands that end by themselves need nobody who stays.
  *) exec baton "$@" ;;
esac

# The process that is the node now: the lock names it, also after it was replaced.
node() {
  pid=$(sed -n 's/.*"pid":\([0-9]*\).*/\1/p' "$state/lock" 2>/dev/null)
  echo "${pid:-$started}"
}

stopped=
trap 'stopped=1; kill -TERM "$(node)" 2>/dev/null' TERM INT
trap 'kill -HUP "$(node)" 2>/dev/null' HUP

baton "$@" &
started=$!
status=129
# A signal ends the wait, and not what is waited for.
while [ "$status" -gt 128 ] && kill -0 "$started" 2>/dev/null; do
  wait "$started"
  status=$?
done
# What has taken its place is no child of this shell: the lock names it, perhaps a moment after the other has ended.
# Whoever ends in order takes the lock away, and whoever was replaced ends with 0.
ended=0
while [ "$status" -eq 0 ] && [ -e "$state/lock" ] && [ "$ended" -lt 20 ]; do
  if now=$(node) && [ "$now" != "$started" ] && kill -0 "$now" 2>/dev/null; then ended=0; else ended=$((ended + 1)); fi
  sleep 0.2
done
[ -n "$stopped" ] && [ "$status" -gt 128 ] && status=0
exit "$status"
