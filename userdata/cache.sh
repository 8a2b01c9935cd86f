# spark-jars-watch.service: checks the mount, fills the cache, writes metrics.
# Sourced by spark-jars.
# shellcheck shell=bash disable=SC2154

# Deletes the caches of earlier starts, except folders with a mount on or below them: rm's
# --one-file-system does not stop at a bind mount of the same disk. List the folders before reading
# the current name, or a new start's folder could be deleted.
sweep() {
  local folders=("${CACHE_DIR}"/run.* "${ARRAY}"/spark-jars/run.*) folder current
  current="$(cat "${state}/run" 2>/dev/null || true)"
  for folder in "${folders[@]}"; do
    if [[ "${folder}" != "${current}" ]] && ! holds_mount "${folder}"; then
      rm --recursive --force --one-file-system --preserve-root=all "${folder}" || true
    fi
  done
}

holds_mount() {
  awk -v at="$1" '$5 == at || index($5, at "/") == 1 { found = 1 } END { exit !found }' \
    /proc/self/mountinfo
}

# Reads the JARs of the newest releases once, so that jobs do not wait for S3. A folder with a
# release.json is a release. Finding new ones takes one request.
fill() {
  local run room manifest folder jars bytes begin
  run="$(cat "${state}/run")"
  room=$(($(cat "${run}/mib") * 1024 * 1024 * 4 / 5))
  while read -r _ manifest; do
    folder="${manifest%/release.json}"
    if grep --quiet --line-regexp --fixed-strings "${folder##*/}" "${run}/seen" 2>/dev/null; then
      room=$((room - $(cat "${run}/bytes.${folder##*/}")))
      continue
    fi
    jars=("${folder}"/*.jar)
    bytes=0
    if ((${#jars[@]})); then
      bytes="$(stat --format %s -- "${jars[@]}" | awk '{ sum += $1 } END { printf "%d", sum }')"
    fi
    if ((bytes > room)); then
      say "release ${folder##*/} of $((bytes >> 20)) MiB does not fit in the cache's $((room >> 20)) MiB"
      break
    fi
    begin="${SECONDS}"
    if printf '%s\0' "${manifest}" "${jars[@]}" |
      timeout "${FILL_SECONDS}" xargs --null --max-args=1 --max-procs=4 cat >/dev/null; then
      printf '%s' "${bytes}" >"${run}/bytes.${folder##*/}"
      printf '%s\n' "${folder##*/}" >>"${run}/seen"
      room=$((room - bytes))
      say "filled: ${folder##*/}, ${#jars[@]} JARs, $((bytes >> 20)) MiB in $((SECONDS - begin)) s"
    else
      say "release ${folder##*/} could not be read within ${FILL_SECONDS} s"
    fi
  done < <(newest_releases)
}

newest_releases() {
  local manifests=("${mount_point}"/*/release.json)
  if ((${#manifests[@]})); then
    stat --format '%Y %n' -- "${manifests[@]}" | sort --numeric-sort --reverse |
      head -n "${FILL_RELEASES}"
  fi
}

metrics() {
  local up="$1" success="$2" bytes="$3" run
  run="$(cat "${state}/run" 2>/dev/null || true)"
  mkdir --parents "${METRICS_DIR}"
  cat >"${METRICS_DIR}/spark-jars.new" <<METRICS
# HELP spark_jars_up Whether the sentinel can be read through the mount.
# TYPE spark_jars_up gauge
spark_jars_up ${up}
# HELP spark_jars_last_success_timestamp_seconds When it was last read.
# TYPE spark_jars_last_success_timestamp_seconds gauge
spark_jars_last_success_timestamp_seconds ${success}
# HELP spark_jars_restarts_total Restarts of the mount since boot.
# TYPE spark_jars_restarts_total counter
spark_jars_restarts_total $(systemctl show --property NRestarts --value spark-jars.service)
# HELP spark_jars_cache_bytes Disk space used by the cache.
# TYPE spark_jars_cache_bytes gauge
spark_jars_cache_bytes ${bytes}
# HELP spark_jars_fenced Whether the node removed its label, so that new pods with the claim avoid it.
# TYPE spark_jars_fenced gauge
spark_jars_fenced $([[ -s "${fenced}" ]] && printf 1 || printf 0)
# HELP spark_jars_filled_releases Releases read into the cache.
# TYPE spark_jars_filled_releases gauge
spark_jars_filled_releases $(wc --lines 2>/dev/null <"${run}/seen" || printf 0)
METRICS
  mv "${METRICS_DIR}/spark-jars.new" "${METRICS_DIR}/spark-jars.prom"
}

# systemd restarts a mount-s3 that ends or never answers. This loop restarts one that stopped
# answering, and fills the cache after a restart or a new release.
watch() {
  local run='' now up success=0 failed=0 due=0 bytes=0 filler='' tell="${FENCE_SECONDS}"
  while true; do
    now="$(cat "${state}/run" 2>/dev/null || true)"
    if [[ "${now}" != "${run}" ]]; then
      run="${now}" failed=0 due=0
    fi
    if check; then
      up=1 success="${EPOCHSECONDS}" failed=0 tell=$((SECONDS + FENCE_SECONDS))
      unfence
      if ((SECONDS >= due)) && ! kill -0 "${filler:-x}" 2>/dev/null; then
        bytes="$(du --summarize --block-size=1 "${run}" 2>/dev/null | cut --fields=1 || printf 0)"
        (sweep && fill) &
        filler=$!
        due=$((SECONDS + RELEASES_SECONDS))
      fi
    else
      up=0
      if [[ -L "${PARENT}" ]]; then failed=$((failed + 1)); fi
      if ((failed >= 3)); then
        say "down: mount-s3 runs and does not answer; starting it again"
        systemctl restart --no-block spark-jars.service
        failed=0
      fi
      if ((SECONDS >= tell)); then
        fence
        tell=$((SECONDS + FENCE_SECONDS))
      fi
    fi
    metrics "${up}" "${success}" "${bytes}" || true
    sleep "${CHECK_SECONDS}"
  done
}
