# Installs and uninstalls the mount; called by boot.sh and the DaemonSet.
# Sourced by spark-jars.
# shellcheck shell=bash disable=SC2154

installed() {
  command -v mount-s3 >/dev/null || return 1
  [[ -z "${MOUNTPOINT_VERSION}" || "$(mount-s3 --version)" == "mount-s3 ${MOUNTPOINT_VERSION}"* ]]
}

# Short network timeouts, because the caller retries. No `timeout` around dnf: it could interrupt a
# transaction.
add_package() {
  dnf --assumeyes --quiet --setopt=install_weak_deps=False --setopt=timeout=10 \
    --setopt=retries=2 install "$1"
}

# dnf does not verify the upstream package's detached signature, so gpg does. Each step handles its
# failure: errexit is off inside a condition.
add_pinned_package() (
  arch=x86_64
  if [[ "$(uname -m)" == aarch64 ]]; then arch=arm64; fi
  folder="$(mktemp --directory)" || exit 1
  trap 'rm --recursive --force --one-file-system "${folder}"' EXIT
  cd "${folder}" || exit 1
  package="mount-s3-${MOUNTPOINT_VERSION}-${arch}.rpm"
  for file in "${MOUNTPOINT_VERSION}/${arch}/${package}"{,.asc} public_keys/KEYS; do
    curl --fail --silent --show-error --location --connect-timeout 10 --max-time 120 \
      --remote-name "${RELEASES_URL}/${file}" || exit 1
  done
  mkdir --mode=0700 keys || exit 1
  gpg=(gpg --batch --quiet --no-autostart --homedir keys)
  "${gpg[@]}" --import KEYS || exit 1
  signed="$("${gpg[@]}" --status-fd 1 --verify "${package}.asc" "${package}" 2>/dev/null)" || true
  by="$(awk '$2 == "GOODSIG" { good = 1 } $2 == "VALIDSIG" { key = $NF } END { if (good) print key }' \
    <<<"${signed}")"
  if [[ -z "${by}" || " ${KEY_FINGERPRINTS} " != *" ${by} "* ]]; then
    printf '%s is not signed by a pinned key\n' "${package}"
    exit 3
  fi
  add_package "./${package}"
)

# Retries: the SSM agent's update may lock the package database, and the network may come later:
# github.com/amazonlinux/amazon-linux-2023/issues/397
install_mountpoint() {
  local output line said='' status
  until installed; do
    status=0
    if [[ -n "${MOUNTPOINT_VERSION}" ]]; then
      output="$(add_pinned_package 2>&1)" || status=$?
    else
      output="$(add_package mount-s3 2>&1)" || status=$?
    fi
    if ((status == 0)); then
      printf 'mount-s3\n' >/etc/spark-jars/installed
      continue
    fi
    line="mount-s3 is not installed: ${output##*$'\n'}"
    if ((status == 3 || SECONDS >= deadline)); then
      say "${line}"
      return 1
    fi
    if [[ "${line}" != "${said}" ]]; then log "${line}; trying again"; fi
    said="${line}"
    sleep 2
  done
}

# Installs mount-s3, mounts, waits for the first answer, fills the node. Idempotent.
start() {
  deadline=$((SECONDS + WAIT_SECONDS))
  mkdir --parents "${state}" "${limits}"
  install_mountpoint || return 1
  printf '[Service]\nMemoryMax=%sM\n' "${MEMORY_MIB}" >"${limits}/memory.conf"
  systemctl daemon-reload
  systemctl enable --quiet "${units[@]}"
  systemctl start --no-block spark-jars.service
  until check; do
    if ((SECONDS >= deadline)); then
      log "${url} does not answer after ${WAIT_SECONDS} s: $(last_words)"
      return 1
    fi
    sleep 0.2
  done
  fill_first
  systemctl start --no-block spark-jars-watch.service
}

# Copies the newest releases before the first pod. A read that hangs cannot be killed, so do not wait
# for its process without a limit.
fill_first() {
  local filler limit=$((SECONDS + FILL_RELEASES * FILL_SECONDS + 60))
  "$0" fill &
  filler=$!
  while kill -0 "${filler}" 2>/dev/null; do
    if ((SECONDS >= limit)); then
      log 'the node is not filled yet; going on'
      return
    fi
    sleep 0.2
  done
  wait "${filler}" || log 'the node is not filled; going on'
}

# Lists processes in containers with the parent as a volume, also while the mount is down. Not awk:
# some end at the first file that is gone, because its process has ended.
users() {
  grep --files-with-matches --no-messages --fixed-strings " ${real#/run} " \
    /proc/[0-9]*/mountinfo || true
}

# Applies a changed mount.env, unless a pod uses the JARs.
refresh() {
  if cmp --silent /etc/spark-jars/mount.env "${state}/used.env"; then return 0; fi
  if [[ -n "$(users)" ]]; then
    say 'the new settings count once no pod has the JARs'
    return 0
  fi
  systemctl restart spark-jars.service spark-jars-watch.service
}

# Removes the mount and its files. Fails while a pod uses the JARs.
uninstall() {
  local kubelet=/etc/systemd/system/kubelet.service.d
  if [[ -n "$(users)" ]]; then die 'in use by a pod; nothing was removed'; fi
  if [[ -n "${FENCE}" ]] && ! (label null); then
    log "the node keeps its label ${FENCE%%=*}: remove it, or pods that claim JARs wait here"
  fi
  systemctl disable --quiet --now "${units[@]}" || true
  systemctl stop spark-jars-pods.target || true
  detach
  remove_copies
  rm --force "${state}/run"
  sweep
  if [[ -f /etc/spark-jars/installed ]]; then rpm --erase mount-s3 || true; fi
  # kubelet's drop-in calls this script.
  rm --force "${limits}/memory.conf" "${METRICS_DIR}"/spark-jars.{prom,new} "${kubelet}/10-spark-jars.conf" \
    "${units[@]/#//etc/systemd/system/}" \
    /etc/systemd/system/spark-jars-{do@.service,pods.target} \
    /etc/spark-jars/{mount.env,installed,fenced} \
    "${state}"/{{,copies.,fill.}lock,said,used.env,failures,help,run.new,filled,marks.*} \
    "${library}"/{{node,cache,copies,fence}.sh,{copies,fill}.py} \
    /usr/local/sbin/spark-jars
  # rmdir, because it removes only empty folders.
  rmdir "${limits}" "${kubelet}" "${mount_point}" "${real}" "${served}" "${state}" "${CACHE_DIR}" \
    "${ARRAY}/spark-jars" "${library}" /etc/spark-jars 2>/dev/null || true
  systemctl daemon-reload
  log 'removed from this node'
}
