# Fills the node: copies the newest releases, and the archives of this processor, to its disk.
# Sourced by spark-jars.
# shellcheck shell=bash disable=SC2154

# What is known of the folders below the prefix, by /<name>, until the next mount. In /run, because
# the cache's disk may be full:
#   pending FIRST DUE       no release.json yet
#   release MODIFIED        not tried yet
#   failed                  tried
#   filled MODIFIED BYTES FIRST DUE   copied; when its archive is looked for, 0 if that is over
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
  manifest=("${served}/${name}"/release.jso[n])
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

# Copies one release, or finds its copy. The arguments after the third are the newest releases.
fill_release() {
  local name="$1" modified="$2" budget="$3" begin="${SECONDS}" now="${EPOCHSECONDS}"
  local bytes copy free line said="${marks["/$1"]}"
  # Until it is filled, so that no fault repeats the requests.
  mark "${name}" failed
  if ! step look "${name}"; then
    failed "${name}" "${line}"
    return
  fi
  read -r bytes copy <<<"${line}"
  # A copy of an earlier boot is read before it counts.
  if [[ "${copy}" == same && ! -L "${base}/${name}" ]] && ! step verify "${name}"; then copy=other; fi
  if [[ "${copy}" == other ]]; then
    locked hide "${name}"
    step replace "${name}" || true
  fi
  if [[ "${copy}" != same ]]; then
    if ((bytes > budget)); then
      failed "${name}" "of $((bytes >> 20)) MiB does not fit in the copies' $((budget >> 20)) MiB"
      return
    fi
    trim "${@:4}"
    if ((bytes + $(used_bytes "${copies}") > budget)); then
      # Not said again while it waits.
      if [[ "${said}" != *waits ]]; then
        say "release ${name} of $((bytes >> 20)) MiB waits for room: other copies are in use"
      fi
      mark "${name}" "release ${modified} waits"
      return
    fi
    free="$(free_mib "${copies}")"
    if ((bytes >> 20 >= free)); then
      failed "${name}" "of $((bytes >> 20)) MiB does not fit on the cache's disk: ${free} MiB left"
      return
    fi
    if ! step copy "${name}"; then
      failed "${name}" "${line}"
      return
    fi
    say "filled: ${name}, $((bytes >> 20)) MiB in $((SECONDS - begin)) s"
  fi
  locked show "${name}" || true
  mark "${name}" "filled ${modified} ${bytes} ${now} ${now}"
}

# Adds the archive of this processor to a copy. It may be published long after its release: it is
# looked for again after a tenth of the time since the first look, by one request.
fill_archive() {
  local name="$1" modified bytes first due now="${EPOCHSECONDS}" line
  read -r _ modified bytes first due <<<"${marks["/${name}"]}"
  ((due && now >= due)) || return 0
  due=0
  if ! step archive "${name}"; then
    say "release ${name}: its archive ${line}"
  elif [[ "${line}" == added ]]; then
    say "filled: the archive of ${name}"
  else
    due=$(((now - first) / 10))
    due=$((now + (due > RELEASES_SECONDS ? due : RELEASES_SECONDS)))
  fi
  mark "${name}" "filled ${modified} ${bytes} ${first} ${due}"
}

# Deletes the copies that are not among the newest, given as arguments, and that no process uses; the
# next look tries again.
trim() {
  local folder name
  for folder in "$(copies_folder)"/*; do
    name="${folder##*/}"
    if [[ " $* " != *" ${name} "* ]] && drop_copy "${name}"; then
      if [[ "${marks["/${name}"]:-}" == filled* ]]; then
        read -r _ modified _ <<<"${marks["/${name}"]}"
        mark "${name}" "release ${modified}"
      fi
    fi
  done
}

# What the copies may use together: four fifths of CACHE_MIB, or of four fifths of the disk.
budget() {
  local bytes=$((($(used_bytes "${copies}") + ($(free_mib "${copies}") << 20)) * 4 / 5))
  if ((bytes > CACHE_MIB << 20)); then bytes=$((CACHE_MIB << 20)); fi
  printf '%s' "$((bytes * 4 / 5))"
}

# Copies the newest releases to the cache's disk. Without a new folder it takes one request. Names in
# the bucket are data: in quotes, after --, NUL-separated.
fill() {
  local folder name known modified at newest=() releases=() filled=()
  # Not while the mount is away, or one of an earlier version of this script.
  if ! is_mounted "${served}" || [[ -z "$(copies_folder)" ]]; then return 0; fi
  exec 8>"${state}/fill.lock"
  flock --nonblock 8 || return 0
  rm --recursive --force --one-file-system "$(copies_folder)"/.{new,gone}.*
  load_marks
  for folder in "${served}"/*; do
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
  mapfile -d '' -t releases < <(printf '%s\0' "${releases[@]}" |
    sort --zero-terminated --numeric-sort --reverse)
  for ((at = 0; at < ${#releases[@]}; at++)); do
    name="${releases[at]#* }"
    if [[ "${marks["/${name}"]}" == release* ]]; then
      newest=("${releases[@]:at:FILL_RELEASES-${#filled[@]}}")
      fill_release "${name}" "${releases[at]%% *}" "$(budget)" "${filled[@]}" "${newest[@]#* }"
    fi
    if [[ "${marks["/${name}"]}" == filled* ]]; then
      locked bind "${name}" "${mount_point}" || true
      fill_archive "${name}"
      filled+=("${name}")
    fi
    ((${#filled[@]} < FILL_RELEASES)) || break
  done
  trim "${filled[@]}"
}
