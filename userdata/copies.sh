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

# Where the copies are written. The folder stays while one is shown, also if there is an array by
# now. One of an earlier boot is not used: a loss of power may have damaged it.
prepare_copies() {
  local links=("${base}"/*) wanted
  wanted="$1/copies.$(date +%s.%N)"
  if ((${#links[@]})) && [[ "$(cat "${state}/copies.of")" == "${url} "* ]]; then return; fi
  remove_copies
  # Before the folder is there, so that sweep does not delete it.
  printf '%s' "${url} ${wanted}" >"${state}/run.new"
  mv "${state}/run.new" "${state}/copies.of"
  mkdir --parents "${wanted}" "${base}" "${copies}" "${shown}"
  # Containers may read no other file of the node where SELinux is enforced.
  chcon --type=container_ro_file_t "${wanted}" 2>/dev/null || true
  mount --bind "${mount_point}" "${base}"
  mount --make-private "${base}"
  mount --bind "${wanted}" "${copies}"
  mount --make-private "${copies}"
  mount -o remount,bind,ro,nosuid,nodev "${copies}"
  mount --bind "${copies}" "${shown}"
}

copies_folder() { awk '{ printf "%s", $NF }' "${state}/copies.of" 2>/dev/null || true; }

# From the pods' folders; the files stay until sweep.
remove_copies() {
  local folder
  rm --force "${base}"/* "${state}/copies.of"
  for folder in "${shown}" "${copies}" "${base}"; do
    while umount --lazy --no-canonicalize "${folder}" 2>/dev/null; do :; done
    if [[ -d "${folder}" ]]; then rmdir "${folder}"; fi
  done
}

is_mounted() { awk -v at="$1" '$5 == at { found = 1 } END { exit !found }' /proc/self/mountinfo; }

# Gives pods mount-s3's mount and the copies over it as one tree, in one step: nobody opens a file of
# a copied release through mount-s3 in between.
expose() (
  # One change of the shown copies at a time, also of fill.py.
  exec 7>"${state}/copies.lock"
  flock 7
  local stage="${state}/stage" link
  mkdir --parents "${stage}"
  mount --bind "${served}" "${stage}"
  mount --make-private "${stage}"
  for link in "${base}"/*; do
    mount --bind "${copies}/${link##*/}" "${stage}/${link##*/}" || true
  done
  mount --rbind "${stage}" "${mount_point}"
  umount --lazy --no-canonicalize "${stage}"
  rmdir "${stage}" || true
)

# Copies the newest releases, and what belongs to them. Names in the bucket are data: fill.py says
# them escaped.
fill() {
  local text
  # Not while the mount is away, or one of an earlier version of this script.
  if ! is_mounted "${served}" || [[ -z "$(copies_folder)" ]]; then return 0; fi
  exec 8>"${state}/fill.lock"
  flock --nonblock 8 || return 0
  python3 -sEB "${library}/fill.py" "${state}" "$(copies_folder)" "${CACHE_MIB}" "${FILL_RELEASES}" \
    "${FILL_SECONDS}" "${RELEASES_SECONDS}" "$(uname --machine)" |
    while IFS= read -r text; do say "${text}"; done
}
