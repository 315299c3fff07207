"""_error_table.py: the error table as values."""

from __future__ import annotations

from google.rpc import code_pb2

from generators.model import Contract, EnumValue
from generators.text import module

_HEAD = '''
from dataclasses import dataclass

from qbridge_contract.structs import ErrorCode


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """A row of the error table: what each door answers, and what the caller should do."""

    code: ErrorCode
    name: str
    http_status: int
    grpc_status: str
    """The name of the status: NOT_FOUND."""
    grpc_code: int
    """Its number, as in google.rpc.Code."""
    retryable: bool
    """True where the same request, sent again later, may succeed."""
    title: str
    action: str


'''


def emit(contract: Contract) -> str:
    """The text of _error_table.py."""
    table = "".join(f"    ErrorCode.{value.short}: {_row(value)},\n" for value in rows(contract))
    body = f"{_HEAD}TABLE: dict[ErrorCode, ErrorRow] = {{\n{table}}}\n"
    return module("The error table: what each code means at each door.", body)


def rows(contract: Contract) -> list[EnumValue]:
    """The values of ErrorCode that are rows of the table. Raises SystemExit for one whose row is not complete."""
    values = [value for value in contract.enum("ErrorCode").values if value.number]
    for value in values:
        options = value.options
        if options is None or not (options.title and options.action):
            raise SystemExit(f"{value.name}: give it the option (error): http_status, grpc_status, title, action.")
        if options.grpc_status not in set(code_pb2.Code.keys()) or not 400 <= options.http_status <= 599:
            raise SystemExit(f"{value.name}: grpc_status is a name of google.rpc.Code, http_status 400 to 599.")
    return values


def _row(value: EnumValue) -> str:
    options = value.options
    return (
        f"ErrorRow(code=ErrorCode.{value.short}, name={value.short!r}, http_status={options.http_status}, "
        f"grpc_status={options.grpc_status!r}, grpc_code={code_pb2.Code.Value(options.grpc_status)}, "
        f"retryable={options.retryable}, title={options.title!r}, action={options.action!r})"
    )
