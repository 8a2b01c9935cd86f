"""A Kubernetes control plane on loopback: etcd, API server, controllers, scheduler. No nodes."""

import json
import os
import random
import shutil
import socket
import tempfile
import warnings
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Self

import requests
import trustme
from urllib3.exceptions import InsecureRequestWarning

from tests.tiers.cluster.api import Api
from tests.tiers.cluster.processes import Child, start, wait_until
from tests.tiers.programs import ROOT, built

PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
HOW_TO_GET = (
    "needs etcd, kube-apiserver, kube-controller-manager and kube-scheduler: set "
    "KUBEBUILDER_ASSETS to their folder, or install Go 1.26 and let dev/kube/build make them"
)
_TOKEN = "admin"  # of a server that only this machine reaches, for as long as a test runs
_START_SECONDS = 120


@cache
def programs() -> Path:
    """The folder with the four programs. Raises RuntimeError, which says how to get them."""
    given = os.environ.get("KUBEBUILDER_ASSETS")
    if not given:
        return built(ROOT / "dev" / "kube" / "build", HOW_TO_GET)
    absent = [name for name in PROGRAMS if not os.access(Path(given) / name, os.X_OK)]
    if absent:
        # envtest's own folder has the first two only.
        raise RuntimeError(f"KUBEBUILDER_ASSETS={given} has no {', '.join(absent)}")
    return Path(given)


class ControlPlane:
    """The four programs with ports, keys and data of their own; ends with the `with` block."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self.folder = Path(tempfile.mkdtemp(prefix="spark-on-eks-cluster-"))
        self.children: list[Child] = []
        self.kubeconfig = self.folder / "kubeconfig"
        self.authority = self.folder / "ca.crt"
        self.url = ""
        self.api: Api
        self._metrics: dict[str, str] = {}

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends the programs, last started first, and removes their data."""
        for child in reversed(self.children):
            child.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def metrics(self, program: str) -> str:
        """What kube-apiserver, kube-controller-manager or kube-scheduler tells Prometheus. Raises
        HTTPError."""
        url = self._metrics.get(program, f"{self.url}/metrics")
        # The other two sign their own certificates.
        trust = str(self.authority) if program == "kube-apiserver" else False
        token = {"Authorization": f"Bearer {_TOKEN}"} if trust else {}
        with warnings.catch_warnings(category=InsecureRequestWarning, action="ignore"):
            answer = requests.get(url, headers=token, verify=trust, timeout=30)
        answer.raise_for_status()
        return answer.text

    def _start(self) -> None:
        etcd_url = self._start_etcd()
        self.url = self._start_api_server(etcd_url)
        self.write_kubeconfig(self.kubeconfig, _TOKEN)
        self.api = Api(self.url, _TOKEN, self.authority)
        server = self.children[-1]
        wait_until(self.api.is_ready, "the API server answers", server, _START_SECONDS)
        self._start_controllers()

    def _start_etcd(self) -> str:
        url, peers = (f"http://127.0.0.1:{port}" for port in free_ports(2))
        self._run(
            "etcd",
            data_dir=self.folder / "etcd",
            listen_client_urls=url,
            advertise_client_urls=url,
            listen_peer_urls=peers,
            initial_advertise_peer_urls=peers,
            initial_cluster=f"default={peers}",
            log_level="error",
            # The data need not survive a power cut.
            unsafe_no_fsync="true",
        )
        return url

    def _start_api_server(self, etcd_url: str) -> str:
        self._write_keys()
        tokens = self.folder / "tokens.csv"
        tokens.write_text(f"{_TOKEN},admin,admin,system:masters\n")
        (port,) = free_ports(1)
        self._run(
            "kube-apiserver",
            etcd_servers=etcd_url,
            bind_address="127.0.0.1",
            advertise_address="127.0.0.1",
            secure_port=str(port),
            tls_cert_file=self.folder / "server.crt",
            tls_private_key_file=self.folder / "server.key",
            service_account_issuer="https://kubernetes.default.svc",
            service_account_key_file=self.folder / "server.key",
            service_account_signing_key_file=self.folder / "server.key",
            service_cluster_ip_range="10.0.0.0/24",
            authorization_mode="Node,RBAC",
            token_auth_file=tokens,
            # DaemonSet pods of this program are privileged, as on EKS.
            allow_privileged="true",
            # As on EKS: a kubelet changes its own node only, and not its taints.
            enable_admission_plugins="NodeRestriction",
            # Without a kubelet no node becomes ready.
            disable_admission_plugins="TaintNodesByCondition",
        )
        return f"https://127.0.0.1:{port}"

    def _start_controllers(self) -> None:
        common: dict[str, str | Path] = {
            "kubeconfig": self.kubeconfig,
            "leader_elect": "false",
            "bind_address": "127.0.0.1",
            "authorization_always_allow_paths": "/healthz,/readyz,/livez,/metrics",
        }
        ports = free_ports(2)
        for program, port in zip(PROGRAMS[2:], ports, strict=True):
            self._metrics[program] = f"https://127.0.0.1:{port}/metrics"
        self._run(
            "kube-controller-manager",
            **common,
            secure_port=str(ports[0]),
            # Without heartbeats it must not taint nodes.
            controllers="*,-node-lifecycle-controller",
            service_account_private_key_file=self.folder / "server.key",
            root_ca_file=self.authority,
            use_service_account_credentials="true",
            # The volume controller's round, which tests wait for; 15 s by default.
            pvclaimbinder_sync_period="2s",
        )
        self._run("kube-scheduler", **common, secure_port=str(ports[1]))
        wait_until(
            lambda: self.api.find("ServiceAccount", "default", "default") is not None,
            "the controllers work",
            self.children[-2],
            _START_SECONDS,
        )

    def _run(self, program: str, **options: str | Path) -> None:
        flags = [f"--{key.replace('_', '-')}={value}" for key, value in options.items()]
        log = self.folder / f"{program}.log"
        self.children.append(start([self._programs / program, *flags], log))

    def _write_keys(self) -> None:
        authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
        authority.cert_pem.write_to_path(str(self.authority))
        server = authority.issue_cert("127.0.0.1", "localhost", "kubernetes.default.svc")
        server.private_key_pem.write_to_path(str(self.folder / "server.key"))
        server.cert_chain_pems[0].write_to_path(str(self.folder / "server.crt"))
        (self.folder / "server.key").chmod(0o600)

    def write_kubeconfig(self, file: Path, token: str) -> None:
        """Writes how to reach the API server as the owner of a token."""
        cluster = {"server": self.url, "certificate-authority": str(self.authority)}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin"}}],
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "admin", "user": {"token": token}}],
        }
        file.write_text(json.dumps(content))
        file.chmod(0o600)


def free_ports(count: int) -> list[int]:
    """Ports that are free now; held together, so that they differ.

    They are outside the range that the kernel assigns from (32768 and up), or another
    program could have one before its owner has started.
    """
    held: list[socket.socket] = []
    while len(held) < count:
        with suppress(OSError):
            held.append(socket.create_server(("127.0.0.1", random.randrange(20_000, 32_000))))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports
