# Fences a node whose mount stays down: removes the label $FENCE that volumes require, so new pods
# with the claim go elsewhere, and restores it later. Running pods stay. kubelet's credentials may
# change this label of the own node, but neither taints nor other nodes (admission plugin
# NodeRestriction). $FENCE is empty where the DaemonSet manages the label.
# Sourced by spark-jars.
# shellcheck shell=bash disable=SC2154

readonly fenced=/etc/spark-jars/fenced

# A request with kubelet's kubeconfig, whose exec command prints a token.
ask() {
  local config=/var/lib/kubelet/kubeconfig path="$1" command token at
  mapfile -t command < <(awk '{ gsub(/["\047]/, "") }
    $1 == "command:" { print $2 }
    listed && $1 == "-" { print $2; next }
    { listed = $1 == "args:" }' "${config}")
  token="$(timeout 20 "${command[@]}" | sed --quiet 's/.*"token": *"\([^"]*\)".*/\1/p')" || return 1
  at="$(awk '$1 == "server:" { print $2 }' "${config}")"
  # Pass the token as a file: any process can read a command line.
  curl --fail --silent --show-error --max-time 10 \
    --cacert "$(awk '$1 == "certificate-authority:" { print $2 }' "${config}")" \
    --header @<(printf 'Authorization: Bearer %s' "${token}") "${@:2}" "${at}${path}"
}

# Sets this node's label to a JSON value; null removes it.
label() {
  local who='{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}' node
  node="$(ask /apis/authentication.k8s.io/v1/selfsubjectreviews \
    --header 'Content-Type: application/json' --data "${who}" |
    sed --quiet 's/.*"system:node:\([^"]*\)".*/\1/p')" || return 1
  ask "/api/v1/nodes/${node:?}" --output /dev/null --request PATCH \
    --header 'Content-Type: application/merge-patch+json' \
    --data "{\"metadata\":{\"labels\":{\"${FENCE%%=*}\":$1}}}"
}

# The marker file outlives a reboot, as the label does. It is created empty before the request and
# gets content after it, so that an interrupted request is repeated.
fence() {
  [[ -n "${FENCE}" && ! -s "${fenced}" ]] || return 0
  : >"${fenced}"
  if (label null); then
    echo 1 >"${fenced}"
    say "fenced: down for over ${FENCE_SECONDS} s; new pods that claim JARs go to other nodes"
  fi
}

unfence() {
  if [[ -e "${fenced}" ]] && (label "\"${FENCE#*=}\""); then
    rm --force "${fenced}"
    log 'not fenced any more'
  fi
}
