# Copies of releases on the cache's disk, and how pods see them. The pods' folder `jars` is
# mount-s3's mount with the copies over their releases. Below it, for while mount-s3 is away, lies a
# folder with links to the same copies, so that a path of a copy leads to its files at any time.
# Sourced by spark-jars.
# shellcheck shell=bash disable=SC2154

readonly served="${state}/s3"
# The folder under the mount on `jars`, by another way; a link in it for each copy that is shown.
readonly base="${state}/base"
# The copies, read-only: a bind of it is read-only in every pod from its first moment on. A remount
# is not propagated.
readonly copies="${state}/copies" shown="${real}/.copies"

# One change of the shown copies at a time.
locked() { (
  flock 7
  "$@"
) 7>"${state}/copies.lock"; }

# Where the copies are written. It stays while one is shown, also if there is an array by now.
prepare_copies() {
  local wanted links=("${base}"/*)
  wanted="copies.$(printf '%s' "${OWNER} ${REGION} ${url}" | sha256sum | cut --characters=1-16)"
  if ((${#links[@]})) && [[ "$(copies_folder)" == */"${wanted}" ]]; then return; fi
  wanted="$1/${wanted}"
  remove_copies
  mkdir --parents "${wanted}" "${base}" "${copies}" "${shown}"
  # Containers may read no other file of the node where SELinux is enforced.
  chcon --type=container_ro_file_t "${wanted}" 2>/dev/null || true
  mount --bind "${mount_point}" "${base}"
  mount --make-private "${base}"
  mount --bind "${wanted}" "${copies}"
  mount --make-private "${copies}"
  mount -o remount,bind,ro,nosuid,nodev "${copies}"
  mount --bind "${copies}" "${shown}"
  printf '%s' "${wanted}" >"${state}/copies.of"
}

copies_folder() { cat "${state}/copies.of" 2>/dev/null || true; }

# From the pods' folders; the files stay until sweep.
remove_copies() {
  local folder
  rm --force "${base}"/*
  for folder in "${state}/stage" "${shown}" "${copies}" "${base}"; do
    while umount --lazy --no-canonicalize "${folder}" 2>/dev/null; do :; done
    if [[ -d "${folder}" ]]; then rmdir "${folder}"; fi
  done
  rm --force "${state}/copies.of"
}

is_mounted() { awk -v at="$1" '$5 == at { found = 1 } END { exit !found }' /proc/self/mountinfo; }

# Over the release in the mount; not over a link to itself while mount-s3 is away.
bind() {
  if is_mounted "$2/$1"; then return; fi
  [[ -d "$2/$1" && ! -L "$2/$1" ]] && mount --bind "${copies}/$1" "$2/$1"
}

# Gives pods mount-s3's mount and the copies over it as one tree, in one step: nobody opens a file of
# a copied release through mount-s3 in between.
expose() {
  local stage="${state}/stage" link
  mkdir --parents "${stage}"
  mount --bind "${served}" "${stage}"
  mount --make-private "${stage}"
  for link in "${base}"/*; do
    bind "${link##*/}" "${stage}" || log "release ${link##*/} is not in the bucket"
  done
  mount --rbind "${stage}" "${mount_point}"
  umount --lazy --no-canonicalize "${stage}"
}

# The link first: it is there if mount-s3 ends before the second step, which the next look repeats.
show() {
  ln --symbolic --force --no-dereference "../.copies/$1" "${base}/$1"
  bind "$1" "${mount_point}"
}

hide() {
  rm --force "${base}/$1"
  if is_mounted "${mount_point}/$1"; then
    umount --lazy --no-canonicalize "${mount_point}/$1"
  fi
}

# One step of copies.py; its line is in $line. MOUNTED FOLDER NAME ARCH are its arguments.
step() {
  local arch=amd64 status=0
  if [[ "$(uname --machine)" == aarch64 ]]; then arch=arm64; fi
  line="$(timeout "${FILL_SECONDS}" python3 -I "${library}/copies.py" "$1" "${served}" \
    "$(copies_folder)" "$2" "${arch}")" || status=$?
  if ((status == 124)); then line="could not be read within ${FILL_SECONDS} s"; fi
  if ((status)) && [[ -z "${line}" ]]; then line="cannot be copied"; fi
  return "${status}"
}

# Deletes a copy, unless a process has a file of it open or mapped. Hidden before, so that nobody
# opens one meanwhile: its path leads to the mount.
drop_copy() {
  local line
  step unused "$1" || return 1
  locked hide "$1"
  if ! step drop "$1"; then
    locked show "$1" || true
    return 1
  fi
  log "release $1: its copy is deleted, no process uses it"
}
