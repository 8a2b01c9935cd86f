#!/usr/bin/env bash
# The DaemonSet's container: installs the mount on the node it runs on, through the node's own
# systemd, so that the mount outlives this pod; then keeps looking, and tells the API server.
set -euo pipefail

readonly api="https://${KUBERNETES_SERVICE_HOST}:${KUBERNETES_SERVICE_PORT}"
readonly account=/var/run/secrets/kubernetes.io/serviceaccount

log() { printf 'spark-jars: %s\n' "$*"; }

on_host() { chroot /host "$@"; }

# Copies a file to the node when it differs; says whether it did.
put() {
  local from="$1" to="/host$2" mode="$3"
  if [[ -f "${to}" && "$(<"${from}")" == "$(<"${to}")" ]]; then
    return 1
  fi
  mkdir --parents "$(dirname "${to}")"
  cp "${from}" "${to}.new"
  chmod "${mode}" "${to}.new"
  mv "${to}.new" "${to}"
}

patch_node() {
  curl --silent --show-error --fail --output /dev/null --request PATCH --max-time 10 \
    --cacert "${account}/ca.crt" --header "Authorization: Bearer $(<"${account}/token")" \
    --header "Content-Type: application/$1" --data "$2" "${api}/api/v1/nodes/${NODE_NAME}"
}

label_node() {
  patch_node merge-patch+json "{\"metadata\":{\"labels\":{\"${LABEL}\":$1}}}"
}

# The list of taints has no keys to patch by: the server tests each place for us.
remove_startup_taint() {
  local place
  for place in 0 1 2 3 4 5 6 7 8 9; do
    if patch_node json-patch+json "[
      {\"op\":\"test\",\"path\":\"/spec/taints/${place}/key\",\"value\":\"${STARTUP_TAINT}\"},
      {\"op\":\"remove\",\"path\":\"/spec/taints/${place}\"}]" 2>/dev/null; then
      log "removed the taint ${STARTUP_TAINT}"
      return 0
    fi
  done
}

install_on_host() {
  local changed=no
  put /files/spark-jars /usr/local/sbin/spark-jars 0755 && changed=yes
  put /files/spark-jars.service /etc/systemd/system/spark-jars.service 0644 && changed=yes
  put /files/mount.env /etc/spark-jars/mount.env 0644 && changed=yes
  if [[ "${changed}" == yes ]]; then
    log "installed new files on ${NODE_NAME}"
  fi
  # A running mount stays: new files count from its next start, or jobs would lose their JARs.
  on_host /usr/local/sbin/spark-jars start
}

answered=unknown
while true; do
  if on_host /usr/local/sbin/spark-jars check || install_on_host; then
    if [[ "${answered}" != yes ]] && label_node "\"${JARS}\""; then
      remove_startup_taint
      answered=yes
    fi
  elif [[ "${answered}" != no ]]; then
    log "the mount does not answer: no new pod that claims JARs comes to ${NODE_NAME}"
    label_node null && answered=no
  fi
  sleep "${CHECK_SECONDS}" &
  wait $!
done
