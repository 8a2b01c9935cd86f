#!/usr/bin/env bash
# Runs once, before kubelet starts. On any failure the node is powered off, because it must not take
# pods without the JARs: Karpenter and Auto Scaling replace it, and EC2 keeps the console's output.
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
  # nodeadm starts kubelet when cloud-init ends: keep it running until the shutdown kills it.
  trap - TERM INT HUP
  exec sleep infinity
}
trap give_up EXIT
trap 'exit 1' TERM INT HUP

# FILES

systemctl daemon-reload
/usr/local/sbin/spark-jars start
trap - EXIT
