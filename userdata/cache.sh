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

# What is known of the folders below the prefix, by /<name>, until the next mount. In /run, because
# the cache's disk may be full:
#   pending FIRST DUE       no release.json yet
#   release MODIFIED        not tried yet
#   failed                  tried
#   filled MODIFIED BYTES
declare -A marks=()

load_marks() {
  local run record
  run="$(cat "${state}/run" 2>/dev/null || true)"
  marks=() marks_file="${state}/marks.${run##*/}"
  [[ -f "${marks_file}" ]] || return 0
  while IFS= read -r -d '' record; do
    marks["/${record#*/}"]="${record%%/*}"
  done <"${marks_file}"
}

mark() {
  marks["/$1"]="$2"
  printf '%s/%s\0' "$2" "$1" >>"${marks_file}"
}

# Finds out whether a folder is a release, by one request. One without release.json may be in
# publication: it is looked at again when it is twice as old.
examine() {
  local name="$1" now="${EPOCHSECONDS}" first due manifest
  read -r _ first due <<<"${marks["/${name}"]:-pending ${now} ${now}}"
  ((now >= due)) || return 0
  # A pattern, because it is looked up in the list of files: a file that is absent costs two requests.
  manifest=("${mount_point}/${name}"/release.jso[n])
  if ((${#manifest[@]} == 0)); then
    mark "${name}" "pending ${first} $((now + now - first + RELEASES_SECONDS))"
  elif [[ -f "${manifest[0]}" ]]; then
    mark "${name}" "release $(stat --format %Y -- "${manifest[0]}")"
  else
    failed "${name}" 'cannot be read: its release.json is no file'
  fi
}

failed() {
  mark "$1" failed
  say "release $(printf %q "$1") $2"
}

# Reads one release into the cache.
fill_release() {
  local name="$1" modified="$2" room="$3" begin="${SECONDS}" files bytes status=0 spare free
  files=("${mount_point}/${name}"/*.jar "${mount_point}/${name}/release.json")
  # Until it is filled, so that no fault repeats the requests.
  mark "${name}" failed
  bytes="$(printf '%s\0' "${files[@]}" | xargs --null stat --format %s -- |
    awk '{ sum += $1 } END { printf "%d", sum }')" || status=$?
  if ((bytes > room)); then
    failed "${name}" "of $((bytes >> 20)) MiB does not fit in the cache's $((room >> 20)) MiB"
    return
  fi
  # The cache deletes old blocks at its own limit, not when the disk is full.
  spare=$(($(cat "${run}/mib") - ($(used_bytes "${run}") >> 20)))
  free=$(($(free_mib "${run}")))
  if ((bytes >> 20 >= free && spare >= free)); then
    failed "${name}" "of $((bytes >> 20)) MiB does not fit on the cache's disk: ${free} MiB left"
    return
  fi
  printf '%s\0' "${files[@]}" |
    timeout "${FILL_SECONDS}" xargs --null --max-args=1 --max-procs=4 cat -- >/dev/null || status=$?
  if ((status == 124)); then
    failed "${name}" "could not be read within ${FILL_SECONDS} s"
  elif ((status)); then
    failed "${name}" 'cannot be read whole'
  elif (($(free_mib "${run}") < 2)); then
    failed "${name}" "does not fit on the cache's disk"
  else
    mark "${name}" "filled ${modified} ${bytes}"
    say "filled: $(printf %q "${name}"), $((${#files[@]} - 1)) JARs," \
      "$((bytes >> 20)) MiB in $((SECONDS - begin)) s"
  fi
}

# Reads the JARs of the newest releases once, so that jobs do not wait for S3. Without a new folder
# it takes one request. Names in the bucket are data: in quotes, after --, NUL-separated.
fill() {
  local run room folder name known modified bytes record filled=0 releases=()
  load_marks
  run="$(cat "${state}/run")"
  room="$(cat "${run}/mib")"
  room=$((room * 1024 * 1024 * 4 / 5))
  for folder in "${mount_point}"/*; do
    name="${folder##*/}"
    known="${marks["/${name}"]:-pending}"
    if [[ "${known}" == pending* && -d "${folder}" ]]; then
      examine "${name}"
      known="${marks["/${name}"]}"
    fi
    if [[ "${known}" == release* || "${known}" == filled* ]]; then
      read -r _ modified _ <<<"${known}"
      releases+=("${modified} ${name}")
    fi
  done
  ((${#releases[@]})) || return 0
  while ((filled < FILL_RELEASES)) && IFS= read -r -d '' record; do
    name="${record#* }"
    if [[ "${marks["/${name}"]}" == release* ]]; then
      fill_release "${name}" "${record%% *}" "${room}"
    fi
    read -r known _ bytes <<<"${marks["/${name}"]}"
    if [[ "${known}" == filled ]]; then
      room=$((room - bytes)) filled=$((filled + 1))
    fi
  done < <(printf '%s\0' "${releases[@]}" | sort --zero-terminated --numeric-sort --reverse)
}

used_bytes() { du --summarize --block-size=1 "$1" | cut --fields=1; }

metrics() {
  local up="$1" success="$2" bytes="$3" full="$4" known filled=0 failed=0
  load_marks
  for known in "${marks[@]}"; do
    case "${known}" in
      filled*) filled=$((filled + 1)) ;;
      failed*) failed=$((failed + 1)) ;;
    esac
  done
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
# HELP spark_jars_cache_disk_full Whether the cache's disk is full.
# TYPE spark_jars_cache_disk_full gauge
spark_jars_cache_disk_full ${full}
# HELP spark_jars_fenced Whether the node removed its label, so that new pods with the claim avoid it.
# TYPE spark_jars_fenced gauge
spark_jars_fenced $([[ -s "${fenced}" ]] && printf 1 || printf 0)
# HELP spark_jars_filled_releases Releases read into the cache.
# TYPE spark_jars_filled_releases gauge
spark_jars_filled_releases ${filled}
# HELP spark_jars_unfilled_releases Releases that do not fit or cannot be read.
# TYPE spark_jars_unfilled_releases gauge
spark_jars_unfilled_releases ${failed}
METRICS
  mv "${METRICS_DIR}/spark-jars.new" "${METRICS_DIR}/spark-jars.prom"
}

# systemd restarts a mount-s3 that ends or never answers. This loop restarts one that stopped
# answering, and fills the cache after a restart or a new release.
watch() {
  local run='' now up success=0 failed=0 due=0 bytes=0 full=0 free filler='' tell="${FENCE_SECONDS}"
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
    metrics "${up}" "${success}" "${bytes}" "${full}" || true
    sleep "${CHECK_SECONDS}"
  done
}
