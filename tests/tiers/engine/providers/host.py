"""Hosts the providers: one gRPC server for each plugin instance that the engine starts."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Self

import grpc
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import provider_pb2_grpc

from .base import Provider
from .cloud import Cloud

# gRPC lets two servers of one user share a port, and the kernel then gives one that is in use:
# with two workers, a command's events went to the other worker's test.
_ALONE = ("grpc.so_reuseport", 0)
if _ALONE not in _GRPC_CHANNEL_OPTIONS:
    _GRPC_CHANNEL_OPTIONS.append(_ALONE)


Make = Callable[[Cloud, str], Provider]
"""Makes an instance of a plugin, from the cloud and the address of the engine that asks."""


class Host(ThreadingTCPServer):
    """Listens for the launchers of plugins; `packages` has the class of each."""

    daemon_threads = True

    def __init__(self, cloud: Cloud, packages: Mapping[str, Make]) -> None:
        super().__init__(("127.0.0.1", 0), _Launcher)
        self.cloud, self.packages = cloud, packages
        self.port: int = self.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=[0.05], daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.server_close()


class _Launcher(StreamRequestHandler):
    """One launcher's line; an instance lives as long as it."""

    server: Host

    def handle(self) -> None:
        package, _, engine = self.rfile.readline().decode().strip().partition(" ")
        provider = self.server.packages[package](self.server.cloud, engine)
        server = grpc.server(ThreadPoolExecutor(max_workers=32), options=_GRPC_CHANNEL_OPTIONS)
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        with suppress(OSError):  # the engine killed the launcher
            self.wfile.write(f"{port}\n".encode())
            self.rfile.readline()
        server.stop(grace=None)
        provider.end()
