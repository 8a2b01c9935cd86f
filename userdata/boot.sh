#!/usr/bin/env bash
# Runs once, before kubelet starts. A node whose JARs are not mounted must not take pods: however
# this script ends, it ends well or the node does. A power-off is what Karpenter and Auto Scaling
# replace a node for, and EC2 keeps the console's text.
set -euo pipefail

give_up() {
  trap '' EXIT TERM INT HUP
  {
    printf 'spark-jars: no JARs on this node; shutting it down so that it is replaced\n'
    cat /run/spark-jars/said || true
    printf '\n'
    journalctl --unit spark-jars.service --lines 20 --no-pager || true
  } >/dev/console 2>&1 || true
  systemctl poweroff
  # nodeadm starts kubelet when cloud-init is done: it never is. The shutdown may end this.
  trap - TERM INT HUP
  exec sleep infinity
}
trap give_up EXIT
trap 'exit 1' TERM INT HUP

# FILES

systemctl daemon-reload
/usr/local/sbin/spark-jars start
trap - EXIT
