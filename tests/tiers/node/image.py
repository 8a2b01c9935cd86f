"""What a test's machine has beside this one's programs: cloud-init, nodeadm, kubelet and dnf."""

UNITS = {
    # The properties of the EKS image of AL2023 that matter to the mount: the order of its units,
    # restarts of kubelet, and that cloud-init continues after a failed script.
    "cloud-final.service": """\
        [Service]
        Type=oneshot
        RemainAfterExit=yes
        ExecStart=/opt/node/cloud-final
        KillMode=process
        TimeoutSec=0
        StandardOutput=journal+console
        StandardError=journal+console
        [Install]
        WantedBy=multi-user.target""",
    "nodeadm-run.service": """\
        [Unit]
        After=cloud-final.service
        [Service]
        Type=oneshot
        RemainAfterExit=yes
        ExecStart=/opt/node/nodeadm
        TimeoutSec=0
        [Install]
        WantedBy=multi-user.target""",
    "kubelet.service": """\
        [Service]
        ExecStart=/bin/sh -c 'touch /run/kubelet-runs; exec sleep infinity'
        Restart=on-failure
        RestartSec=1""",
}
PROGRAMS = {
    "/opt/node/cloud-final": """\
        #!/bin/bash
        [[ -e /opt/node/ran ]] && exit 0
        touch /opt/node/ran
        for part in /opt/node/parts/*; do "$part"; done
        exit 0""",
    "/opt/node/nodeadm": """\
        #!/bin/bash
        if [[ -e /opt/node/array ]]; then
          printf '[Mount]\\nWhat=/opt/node/array\\nWhere=/mnt/k8s-disks/0\\nType=none\\nOptions=bind
        [Install]\\nWantedBy=multi-user.target\\n' >'/etc/systemd/system/mnt-k8s\\x2ddisks-0.mount'
          systemctl enable --quiet --now 'mnt-k8s\\x2ddisks-0.mount'
        fi
        systemctl start --no-block kubelet
        until systemctl is-active --quiet kubelet; do sleep 0.1; done""",
    "/usr/bin/dnf": """\
        #!/bin/bash
        # Fails as dnf does while /opt/node/dnf.error has a text; lists what it was asked for.
        printf '%s\\n' "$*" >>/opt/node/dnf.calls
        [[ -s /opt/node/dnf.error ]] && { cat /opt/node/dnf.error >&2; exit 1; }
        sleep "$(cat /opt/node/dnf.seconds 2>/dev/null || echo 0)"
        from=/opt/node/mount-s3
        [[ "${*: -1}" == *.rpm ]] && from="${*: -1}"
        install --mode=0755 "$from" /usr/bin/mount-s3""",
    "/usr/bin/rpm": """\
        #!/bin/bash
        printf 'rpm %s\\n' "$*" >>/opt/node/dnf.calls
        [[ "$1" == --erase ]] && rm --force /usr/bin/mount-s3""",
}
STAND_IN = """\
#!{python}
import runpy, sys
sys.dont_write_bytecode = True
sys.argv[0] = "mount-s3"
runpy.run_path({path!r}, run_name="__main__")
"""
