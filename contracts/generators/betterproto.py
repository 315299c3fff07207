"""The package `qbridge_contract_betterproto`: betterproto2's dataclasses and grpclib stubs, as it makes them."""

from __future__ import annotations

from google.protobuf import descriptor_pb2

from generators.source import Files, generate, own_files, without_option_imports
from generators.text import HEADER

ROOT = "contracts/python/qbridge_contract_betterproto"


def emit(descriptors: descriptor_pb2.FileDescriptorSet) -> Files:
    """The files of the package, by their path from the repository's root."""
    stripped = without_option_imports(descriptors)
    for file in stripped.file:
        # The compiler fails on a file without source information; an empty one is enough.
        file.source_code_info.SetInParent()
    made = generate(
        [
            "python_betterproto2_out",
            "python_betterproto2_opt=client_generation=async",
            "python_betterproto2_opt=server_generation=async",
        ],
        stripped,
        own_files(stripped),
    )
    return {f"{ROOT}/{path}": f"# {HEADER}\n".encode() + content for path, content in made.items()}
