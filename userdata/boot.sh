#!/usr/bin/env bash
# Runs once, before kubelet starts. A node whose JARs are not mounted must not take pods: nodeadm
# starts kubelet only after cloud-init is done, so this script ends well or not at all.
set -euo pipefail

if /usr/local/sbin/spark-jars start; then
  exit 0
fi

printf 'spark-jars: no JARs on this node; shutting it down so that it is replaced\n' >/dev/console
journalctl --unit spark-jars.service --lines 20 --no-pager >/dev/console 2>&1 || true
shutdown --poweroff now
sleep infinity
