"""The Python package `qbridge_contract`: which module comes from which emitter."""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2

from generators import (
    emit_checks,
    emit_convert,
    emit_errors,
    emit_faces,
    emit_routes,
    emit_services,
    emit_shapes,
    emit_structs,
    emit_valid,
)
from generators.model import Contract
from generators.source import Files, generate, own_files, without_option_imports
from generators.text import HEADER, as_json, formatted, template

ROOT = "contracts/python"


def emit(contract: Contract, descriptors: descriptor_pb2.FileDescriptorSet, openapi: dict[str, Any]) -> Files:
    """The files of the package, by their path from the repository's root."""
    texts = {
        "__init__.py": template("__init__.py"),
        "_values.py": template("_values.py"),
        "ids.py": template("ids.py"),
        "json.py": template("json.py"),
        "structs.py": emit_structs.emit(contract),
        "errors.py": template("errors.py"),
        "_error_table.py": emit_errors.emit(contract),
        "routes.py": emit_routes.emit(contract, openapi),
        "services.py": emit_services.emit(contract),
        "servicer.py": emit_faces.servicer(contract),
        "client.py": emit_faces.client(contract),
        "convert.py": emit_convert.emit(contract),
        "_checks.py": emit_checks.emit(contract),
        "_shapes.py": emit_shapes.emit(contract),
        "_lenient.py": template("_lenient.py"),
        "_bounds.py": template("_bounds.py"),
        "valid.py": emit_valid.emit(contract),
        "py.typed": "",
        "v1/__init__.py": f"# {HEADER}\n",
    }
    files = {f"qbridge_contract/{path}": content for path, content in formatted(texts).items()}
    files["qbridge_contract/openapi.json"] = as_json(openapi)
    files |= _protobuf(contract, descriptors)
    files["qbridge_contract/descriptor.binpb"] = descriptors.SerializeToString(deterministic=True)
    return {f"{ROOT}/{path}": content for path, content in files.items()}


def _protobuf(contract: Contract, descriptors: descriptor_pb2.FileDescriptorSet) -> Files:
    """protoc's own output, whose imports need no module of the option files."""
    made = generate(
        ["python_out", "pyi_out", "grpc_python_out"], without_option_imports(descriptors), own_files(descriptors)
    )
    with_services = {service.module for service in contract.services}
    return {
        path: f"# {HEADER}\n".encode() + content
        for path, content in made.items()
        if not path.endswith("_pb2_grpc.py") or path.rsplit("/", 1)[1].removesuffix("_pb2_grpc.py") in with_services
    }
