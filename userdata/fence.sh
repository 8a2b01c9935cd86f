# Keeps new pods away from a node whose JARs stay away, and lets them come again. Volumes are only
# where the label $FENCE is; a node may change that label of itself with kubelet's credentials
# (admission plugin NodeRestriction), but neither its taints nor another node. What runs goes on.
# Without $FENCE somebody else sees to the label: the DaemonSet.
# Sourced by spark-jars.
# shellcheck shell=bash disable=SC2154

readonly fenced=/etc/spark-jars/fenced

# One request by kubelet's kubeconfig, which names a command that prints a token.
ask() {
  local config=/var/lib/kubelet/kubeconfig path="$1" command token at
  mapfile -t command < <(awk '{ gsub(/["\047]/, "") }
    $1 == "command:" { print $2 }
    listed && $1 == "-" { print $2; next }
    { listed = $1 == "args:" }' "${config}")
  token="$(timeout 20 "${command[@]}" | sed --quiet 's/.*"token": *"\([^"]*\)".*/\1/p')" || return 1
  at="$(awk '$1 == "server:" { print $2 }' "${config}")"
  # The token by a file: a command line can be read by every process.
  curl --fail --silent --show-error --max-time 10 \
    --cacert "$(awk '$1 == "certificate-authority:" { print $2 }' "${config}")" \
    --header @<(printf 'Authorization: Bearer %s' "${token}") "${@:2}" "${at}${path}"
}

# Gives this node's label the value, in JSON.
label() {
  local who='{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}' node
  node="$(ask /apis/authentication.k8s.io/v1/selfsubjectreviews \
    --header 'Content-Type: application/json' --data "${who}" |
    sed --quiet 's/.*"system:node:\([^"]*\)".*/\1/p')" || return 1
  ask "/api/v1/nodes/${node:?}" --output /dev/null --request PATCH \
    --header 'Content-Type: application/merge-patch+json' \
    --data "{\"metadata\":{\"labels\":{\"${FENCE%%=*}\":$1}}}"
}

# The mark is on the disk, because the API server's memory outlives a reboot too. It is there before
# the request, and has a text after it.
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
