# spark-jars-watch.service: checks the mount, fills the node with releases, writes metrics.
# Sourced by spark-jars.
# shellcheck shell=bash disable=SC2154

# Deletes the caches of earlier starts and other copies, except folders with a mount on or below
# them: rm's --one-file-system does not stop at a bind mount of the same disk. List the folders
# before reading the current names, or a new start's folder could be deleted.
sweep() {
  local folders=({"${CACHE_DIR}","${ARRAY}/spark-jars"}/{run,copies}.*) folder current used
  current="$(cat "${state}/run" 2>/dev/null || true)"
  used="$(copies_folder)"
  for folder in "${folders[@]}"; do
    if [[ "${folder}" != "${current}" && "${folder}" != "${used}" ]] && ! holds_mount "${folder}"; then
      rm --recursive --force --one-file-system --preserve-root=all "${folder}" || true
    fi
  done
}

holds_mount() {
  awk -v at="$1" '$5 == at || index($5, at "/") == 1 { found = 1 } END { exit !found }' \
    /proc/self/mountinfo
}

used_bytes() { du --summarize --block-size=1 "$1" | cut --fields=1; }

metrics() {
  local up="$1" success="$2" bytes="$3" full="$4" copied="$5" filled failed
  read -r filled failed 2>/dev/null <"${state}/filled" || true
  mkdir --parents "${METRICS_DIR}"
  cat >"${METRICS_DIR}/spark-jars.new" <<METRICS
# TYPE spark_jars_up gauge
spark_jars_up ${up}
# TYPE spark_jars_last_success_timestamp_seconds gauge
spark_jars_last_success_timestamp_seconds ${success}
# TYPE spark_jars_restarts_total counter
spark_jars_restarts_total $(systemctl show --property NRestarts --value spark-jars.service)
# TYPE spark_jars_cache_bytes gauge
spark_jars_cache_bytes ${bytes}
# TYPE spark_jars_copies_bytes gauge
spark_jars_copies_bytes ${copied}
# TYPE spark_jars_cache_disk_full gauge
spark_jars_cache_disk_full ${full}
# TYPE spark_jars_fenced gauge
spark_jars_fenced $([[ -s "${fenced}" ]] && printf 1 || printf 0)
# TYPE spark_jars_filled_releases gauge
spark_jars_filled_releases ${filled:-0}
# TYPE spark_jars_unfilled_releases gauge
spark_jars_unfilled_releases ${failed:-0}
METRICS
  mv "${METRICS_DIR}/spark-jars.new" "${METRICS_DIR}/spark-jars.prom"
}

# systemd restarts a mount-s3 that ends or never answers. This loop restarts one that stopped
# answering, and fills the node after a restart or a new release.
watch() {
  local run='' now up success=0 failed=0 due=0 bytes=0 copied=0 full=0 free filler='' tell="${FENCE_SECONDS}"
  while true; do
    now="$(cat "${state}/run" 2>/dev/null || true)"
    if [[ "${now}" != "${run}" ]]; then
      run="${now}" failed=0 due=0
    fi
    if check; then
      up=1 success="${EPOCHSECONDS}" failed=0 tell=$((SECONDS + FENCE_SECONDS))
      unfence
      free="$(free_mib "${run}" 2>/dev/null || true)"
      if ((${free:-99} > 16)); then
        full=0
      elif ((free < 2 && !full)); then
        full=1
        say "the cache's disk is full: what is not in the cache is read from S3 each time"
      fi
      if ((SECONDS >= due)) && ! kill -0 "${filler:-x}" 2>/dev/null; then
        bytes="$(used_bytes "${run}" 2>/dev/null || printf 0)"
        copied="$(used_bytes "${copies}" 2>/dev/null || printf 0)"
        "$0" fill &
        filler=$!
        due=$((SECONDS + RELEASES_SECONDS))
      fi
    else
      up=0
      if [[ -L "${PARENT}" ]]; then failed=$((failed + 1)); fi
      # Not while it is stopped by hand: a restart would cancel that.
      if ((failed >= 3)) && systemctl is-active --quiet spark-jars.service; then
        say "down: mount-s3 runs and does not answer; starting it again"
        systemctl restart --no-block spark-jars.service
        failed=0
      fi
      if ((SECONDS >= tell)); then
        fence
        tell=$((SECONDS + FENCE_SECONDS))
      fi
    fi
    metrics "${up}" "${success}" "${bytes}" "${full}" "${copied}" || true
    sleep "${CHECK_SECONDS}"
  done
}
