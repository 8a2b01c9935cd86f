#!/usr/bin/env bash
# The DaemonSet's container: copies the mount's files to its node and lets the node's systemd run
# them, so that the mount outlives this pod; then checks the mount and updates the node's label and
# taint. It needs only bash, coreutils and curl.
set -euo pipefail

readonly api="https://${KUBERNETES_SERVICE_HOST}:${KUBERNETES_SERVICE_PORT}"
readonly account=/var/run/secrets/kubernetes.io/serviceaccount

log() { printf 'spark-jars: %s\n' "$*"; }

on_host() { chroot /host "$@"; }

# As a unit of the node's systemd, which outlives this pod and does not use its memory limit. In the
# background, because bash handles signals only between commands or in `wait`.
host_does() {
  on_host systemctl start "spark-jars-do@$1.service" &
  wait "$!"
}

# --- Files --------------------------------------------------------------------------------------

# Copies a file to the node if it differs; fails if it does not. By rename, so that a running script
# is read from its old file to the end.
put() {
  local from="$1" to="/host$2" mode="$3"
  if [[ -f "${to}" && "$(<"${from}")" == "$(<"${to}")" ]]; then
    return 1
  fi
  mkdir --parents "${to%/*}"
  cp "${from}" "${to}.new"
  chmod "${mode}" "${to}.new"
  mv "${to}.new" "${to}"
}

put_files() {
  local key path mode changed=no
  while read -r key path mode; do
    if put "/files/${key}" "${path}" "${mode}"; then changed=yes; fi
  done </files/table
  if [[ "${changed}" == yes ]]; then log "put new files on ${NODE_NAME}"; fi
  # Also without changes: an earlier pod may have ended before this step. The mount is not restarted,
  # because jobs would lose their JARs; `refresh` does that.
  on_host systemctl daemon-reload
  on_host systemctl try-restart spark-jars-watch.service
}

# --- API server ---------------------------------------------------------------------------------

call() {
  curl --silent --show-error --max-time 10 --cacert "${account}/ca.crt" \
    --header "Authorization: Bearer $(<"${account}/token")" "$@"
}

# Prints the changed node, or nothing. Callers redirect in a subshell only: a trap that runs meanwhile
# would log to there, too.
patch_node() {
  call --fail --request PATCH --header "Content-Type: application/$1" --data "$2" \
    "${api}/api/v1/nodes/${NODE_NAME}"
}

label_node() {
  patch_node merge-patch+json "{\"metadata\":{\"labels\":{\"${LABEL}\":$1}}}"
}

# A JSON patch addresses taints by index: try each, with a test of its key.
remove_startup_taint() {
  local place
  for place in {0..15}; do
    if [[ -n "$(patch_node json-patch+json "[
      {\"op\":\"test\",\"path\":\"/spec/taints/${place}/key\",\"value\":\"${STARTUP_TAINT}\"},
      {\"op\":\"remove\",\"path\":\"/spec/taints/${place}\"}]" 2>/dev/null)" ]]; then
      log "removed the taint ${STARTUP_TAINT}"
      return 0
    fi
  done
}

# An upgrade or a drain ends this pod and keeps the DaemonSet. An unclear answer means: keep the mount.
daemonset_is_removed() {
  local answer
  answer="$(call --write-out '\n%{http_code}' \
    "${api}/apis/apps/v1/namespaces/${NAMESPACE}/daemonsets/${DAEMONSET}")" || return 1
  case "${answer##*$'\n'}" in
    404) return 0 ;;
    200) [[ "${answer}" == *'"deletionTimestamp"'* ]] ;;
    *) return 1 ;;
  esac
}

# --- Life ---------------------------------------------------------------------------------------

answered=unknown

# The taint may be there at any check: Karpenter adds it again when it registers the node, and a
# request to remove it may fail.
mark_answering() {
  local node
  node="$(label_node "\"${JARS}\"")" || return 1
  if [[ "${answered}" != yes || "${node}" == *"\"${STARTUP_TAINT}\""* ]]; then
    remove_startup_taint
  fi
  if [[ "${answered}" != yes ]]; then log "${NODE_NAME} answers"; fi
  answered=yes
}

mark_silent() {
  if [[ "${answered}" != no && -n "$(label_node null)" ]]; then
    log "${NODE_NAME} does not answer: no new pod that claims JARs comes to it"
    answered=no
  fi
}

check() { on_host /usr/local/sbin/spark-jars check 2>/dev/null; }

leave() {
  trap '' TERM INT
  if daemonset_is_removed; then
    label_node null >/dev/null || true
    # Fails while a pod uses the JARs.
    if on_host systemctl start spark-jars-do@uninstall.service; then
      log "removed from ${NODE_NAME}"
    else
      log "in use on ${NODE_NAME}, so left as it is: /usr/local/sbin/spark-jars uninstall"
    fi
  fi
  exit 0
}
trap leave TERM INT

# Bottlerocket has neither a package manager nor a writable path for the script: log it once.
if [[ ! -x /host/usr/bin/dnf ]]; then
  trap 'exit 0' TERM INT
  # shellcheck source=/dev/null
  system="$(source /host/usr/lib/os-release && printf '%s' "${PRETTY_NAME:-}")" || true
  log "${NODE_NAME} runs ${system:-no AL2023} and has no dnf: JARs cannot be mounted at node level." \
    "Select other nodes (jarMount.daemonset.nodeSelector), or use jarMount.level: pod"
  sleep infinity &
  wait "$!"
fi

put_files
while true; do
  # Two checks, because systemd restarts a dead mount within a second.
  if check || { sleep 2 && check; }; then
    mark_answering || true
    if ! on_host cmp --silent /etc/spark-jars/mount.env /run/spark-jars/used.env; then
      host_does refresh || true
    fi
  else
    mark_silent || true
    if host_does start; then continue; fi
  fi
  sleep "${CHECK_SECONDS}" &
  wait "$!"
done
