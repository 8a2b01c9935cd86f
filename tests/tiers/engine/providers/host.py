"""Hosts the providers: one gRPC server for each plugin instance that the engine starts."""

import contextlib
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

_OPTIONS = [
    # A port of its own: without this the kernel may give one that another worker's server has.
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", 64 * 1024 * 1024),
    ("grpc.max_send_message_length", 64 * 1024 * 1024),
]


class Host:
    """Listens for the launchers in bin/. An instance lives as long as its launcher's line."""

    def __init__(self, providers: Mapping[str, Callable[[], Any]]) -> None:
        self._providers = providers
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name="plugins", daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        # Closing alone does not wake a thread that waits in accept.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[line], daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with line, line.makefile("rw") as stream:
            package = stream.readline().strip()
            server = grpc.server(ThreadPoolExecutor(max_workers=32), options=_OPTIONS)
            provider_pb2_grpc.add_ResourceProviderServicer_to_server(
                self._providers[package](), server
            )
            port = server.add_insecure_port("127.0.0.1:0")
            server.start()
            try:
                stream.write(f"{port}\n")
                stream.flush()
                stream.readline()
            except OSError:
                pass  # The engine killed the launcher.
            finally:
                server.stop(grace=None)
