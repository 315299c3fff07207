"""Compiles the protos: the full descriptor set, and one without the imports that only options need."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from google.api import annotations_pb2, http_pb2
from google.protobuf import descriptor_pb2, duration_pb2, field_mask_pb2, struct_pb2, timestamp_pb2
from protovalidate._gen.buf.validate import validate_pb

PACKAGE_FOLDER = "qbridge_contract/v1"
OPTIONS_FILE = f"{PACKAGE_FOLDER}/options.proto"
OPTION_IMPORTS = ("buf/validate/", "google/api/", OPTIONS_FILE)
"""Files that define options only: code generated without them needs none of their modules."""

Files = dict[str, bytes]


def proto_names(proto_root: Path) -> list[str]:
    """The contract's files, relative to the root, in order."""
    return sorted(str(path.relative_to(proto_root)) for path in (proto_root / PACKAGE_FOLDER).glob("*.proto"))


def third_party() -> descriptor_pb2.FileDescriptorSet:
    """The imported files that are not ours. validate.proto is in no wheel as text: its descriptor is."""
    files = descriptor_pb2.FileDescriptorSet()
    modules = (descriptor_pb2, timestamp_pb2, duration_pb2, struct_pb2, field_mask_pb2, http_pb2, annotations_pb2)
    for module in modules:
        module.DESCRIPTOR.CopyToProto(files.file.add())
    files.file.add().ParseFromString(validate_pb.desc().proto.to_binary())
    return files


def compile_protos(proto_root: Path) -> descriptor_pb2.FileDescriptorSet:
    """The full descriptor set of the contract: every import, every comment.

    Raises SystemExit with protoc's words where a proto is wrong.
    """
    with tempfile.TemporaryDirectory() as folder:
        deps, image = Path(folder, "deps.binpb"), Path(folder, "image.binpb")
        deps.write_bytes(third_party().SerializeToString(deterministic=True))
        protoc(
            f"--descriptor_set_in={deps}",
            f"-I{proto_root}",
            "--include_imports",
            "--include_source_info",
            f"-o{image}",
            *proto_names(proto_root),
        )
        return descriptor_pb2.FileDescriptorSet.FromString(image.read_bytes())


def without_option_imports(full: descriptor_pb2.FileDescriptorSet) -> descriptor_pb2.FileDescriptorSet:
    """A copy whose files no longer import what only their options need; the options' bytes stay."""
    stripped = descriptor_pb2.FileDescriptorSet()
    for file in full.file:
        if file.name.startswith(OPTION_IMPORTS):
            continue
        copy = stripped.file.add()
        copy.CopyFrom(file)
        kept = [name for name in file.dependency if not name.startswith(OPTION_IMPORTS)]
        del copy.dependency[:]
        copy.dependency.extend(kept)
    return stripped


def own_files(descriptors: descriptor_pb2.FileDescriptorSet) -> list[str]:
    """The names of the contract's own files, without the one that only defines options."""
    return [
        file.name for file in descriptors.file if file.name.startswith(PACKAGE_FOLDER) and file.name != OPTIONS_FILE
    ]


def generate(plugins: list[str], descriptors: descriptor_pb2.FileDescriptorSet, names: list[str]) -> Files:
    """Runs protoc plugins (`python_out`, ...) over descriptors; answers the files they made."""
    with tempfile.TemporaryDirectory() as folder:
        image, out = Path(folder, "image.binpb"), Path(folder, "out")
        out.mkdir()
        image.write_bytes(descriptors.SerializeToString(deterministic=True))
        flags = [f"--{plugin}={out}" if plugin.endswith("_out") else f"--{plugin}" for plugin in plugins]
        protoc(f"--descriptor_set_in={image}", *flags, *names)
        return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def protoc(*arguments: str) -> None:
    """Runs the pinned protoc of grpcio-tools. Raises SystemExit with its words on failure."""
    command = [sys.executable, "-m", "grpc_tools.protoc", *arguments]
    environment_path = str(Path(sys.executable).parent)
    done = subprocess.run(command, capture_output=True, text=True, env={"PATH": environment_path})
    if done.returncode:
        raise SystemExit(f"protoc refused the contract:\n{done.stderr.strip()}")
