"""VALID says of a struct what protovalidate says of its message."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import protovalidate
import pytest
from generators import model, reading, source
from google.protobuf.message import Message as PbMessage
from hypothesis import HealthCheck, given, settings, strategies as st

from qbridge_contract import convert, structs as s
from qbridge_contract.valid import VALID

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = reading.read(source.compile_protos(ROOT / "contracts/proto"))
RULES = protovalidate.Validator()
DEPTH = 5

Draw = Callable[[st.SearchStrategy[Any]], Any]


def _near(kind: str, rules: Any) -> st.SearchStrategy[Any]:
    """Values at and around the bounds of the rules, most of them within."""
    if kind == "string" and rules is not None:
        text = rules.string
        if text.pattern:
            fits = st.from_regex(text.pattern.replace("$", r"\Z"), fullmatch=True)
            return st.one_of(fits, fits, fits.map(lambda value: value + "\n"), st.just(""), st.text(max_size=3))
        if getattr(text, "in"):
            return st.sampled_from([*getattr(text, "in"), "", "other"])
        long = text.max_len or 8
        return st.sampled_from(["a", "é" * long, "", "𐍈" * (long + 1), "abc"])
    if kind in ("uint32", "uint64"):
        number = getattr(rules, kind) if rules is not None else None
        bounds = [number.gte, number.lte] if number is not None else [0, 9]
        around = {value + step for value in bounds for step in (-1, 0, 1)}
        return st.sampled_from(sorted(value for value in around if 0 <= value < 2**32))
    if kind in ("double", "float"):
        number = getattr(rules, kind) if rules is not None else None
        high = number.lte if number is not None and number.HasField("lte") else 5.0
        return st.sampled_from([0.0, high, high / 2, high, high * 2, -1.0, float("nan"), float("inf")])
    plain: dict[str, st.SearchStrategy[Any]] = {
        "string": st.text(max_size=3),
        "bytes": st.binary(max_size=3),
        "bool": st.booleans(),
    }
    return plain[kind]


def _count(draw: Draw, low: int, high: int) -> int:
    """How many elements: near what the rules ask for; large bounds are tested by hand below."""
    wanted = [low, low, low + 1, max(0, low - 1), *([high, high + 1] if 0 < high <= 64 else [])]
    return int(draw(st.sampled_from(wanted)))


def _fill(draw: Draw, message: Any, name: str, depth: int) -> None:
    spec = CONTRACT.message(name)
    chosen = {oneof.name: draw(st.sampled_from([*oneof.members, None])) for oneof in spec.oneofs}
    for item in spec.fields:
        if item.oneof and chosen[item.oneof] is not item:
            continue
        needed = item.rules is not None and (item.rules.required or not item.presence)
        if not draw(st.sampled_from([True, True, needed, needed, needed])) or (depth == 0 and item.kind == "message"):
            continue
        _fill_field(draw, message, item, depth)


def _fill_field(draw: Draw, message: Any, item: model.Field, depth: int) -> None:
    holder = getattr(message, item.name)
    if item.kind == "map":
        assert item.value is not None
        rules = item.rules.map if item.rules is not None else None
        for _ in range(_count(draw, 1, rules.max_pairs if rules is not None else 0)):
            key = draw(_near("string", rules.keys if rules is not None else None))
            holder[key] = draw(_near(item.value.kind, rules.values if rules is not None else None))
    elif item.repeated:
        rules = item.rules.repeated if item.rules is not None else None
        inner = rules.items if rules is not None and rules.HasField("items") else None
        for _ in range(_count(draw, rules.min_items if rules is not None else 1, 0)):
            if item.kind == "message":
                _fill(draw, holder.add(), item.type_name, depth - 1)
            elif item.kind in ("struct", "value", "timestamp"):
                holder.add()
            elif item.kind == "enum":
                holder.append(0)
            else:
                holder.append(draw(_near(item.kind, inner)))
    elif item.kind == "message":
        holder.SetInParent()
        _fill(draw, holder, item.type_name, depth - 1)
    elif item.kind in ("struct", "value", "timestamp"):
        holder.SetInParent()
    elif item.kind == "enum":
        setattr(message, item.name, draw(st.sampled_from([0, 1])))
    else:
        setattr(message, item.name, draw(_near(item.kind, item.rules)))


@st.composite
def near_valid(draw: st.DrawFn) -> PbMessage:
    """Messages of every type whose fields lie at the bounds of their rules, or a little beyond."""
    kind = draw(st.sampled_from(list(convert.PB.values())))
    message = kind()
    _fill(draw, message, kind.DESCRIPTOR.name, DEPTH)
    return message  # type: ignore[no-any-return]


def agree(message: PbMessage) -> bool:
    """Asserts that both say the same; answers what they say."""
    struct = convert.from_pb(message)
    violations = RULES.collect_violations(message)
    valid = VALID[type(struct)](struct)
    assert valid == (not violations), violations
    return valid


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(message=near_valid())
def test_messages_near_the_bounds_are_judged_alike(message: PbMessage) -> None:
    agree(message)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_random_messages_are_judged_alike(data: st.DataObject, messages: st.SearchStrategy[PbMessage]) -> None:
    agree(data.draw(messages))


ECHO = s.Operation(invoke=s.Invoke(name="echo"))
ONE = s.Vector(values=s.FloatArray(items=[1.0]))


@pytest.mark.parametrize(
    ("struct", "valid"),
    [
        (s.CallRequest(), False),
        (s.CallRequest(request=s.InternalRequest()), False),
        (s.CallRequest(request=s.InternalRequest(operation=s.Operation())), False),
        (s.CallRequest(request=s.InternalRequest(operation=ECHO)), True),
        (s.InternalRequest(operation=ECHO, priority=9), True),
        (s.InternalRequest(operation=ECHO, priority=10), False),
        (s.InternalRequest(operation=ECHO, timeout_s=float("nan")), False),
        (s.InternalRequest(operation=ECHO, backend="echo\n"), False),
        (s.InternalRequest(operation=ECHO, labels={f"k{n}": "" for n in range(32)}), True),
        (s.InternalRequest(operation=ECHO, labels={f"k{n}": "" for n in range(33)}), False),
        (s.InternalRequest(operation=ECHO, labels={"": "x"}), False),
        (s.InternalRequest(operation=ECHO, labels={"k": "x" * 256}), False),
        (s.UpsertVectors(collection="c", ids=["a", "a"], vectors=ONE), False),
        (s.UpsertVectors(collection="c", ids=[str(n) for n in range(10_000)], vectors=ONE), True),
        (s.UpsertVectors(collection="c", ids=[str(n) for n in range(10_001)], vectors=ONE), False),
        (s.QueryVectors(collection="c", queries=ONE, top_k=1, filter=s.Filter()), False),
        (s.QueryVectors(collection="c", queries=ONE, top_k=1000), True),
        (s.QueryVectors(collection="c", queries=s.Vector(f32le=b"", shape=[1, 2, 3]), top_k=1), False),
        (s.SessionRequest(submits=[s.InternalRequest(operation=ECHO)] * 1024), True),
        (s.SessionRequest(submits=[s.InternalRequest(operation=ECHO)] * 1025), False),
        (s.CreateKeyRequest(name="n", tenant="t", scopes=["call", "admin"]), True),
        (s.CreateKeyRequest(name="n", tenant="t", scopes=["root"]), False),
        (s.ItemResult(request_id="r"), False),
        (s.ListCollections(), True),
    ],
)
def test_a_bound_holds_on_both_sides(struct: s.Message, valid: bool) -> None:
    assert agree(convert.to_pb(struct)) is valid


def test_a_rule_without_a_translation_stops_the_generator(contract_copy: Path) -> None:
    path = contract_copy / "qbridge_contract/v1/vector.proto"
    old = "uint32 dimension = 2 [(buf.validate.field).uint32 = {"
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, old + "\n    in: [1]"))
    command = [sys.executable, str(ROOT / "contracts/generators/main.py"), "--check", "--proto", str(contract_copy)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "CreateCollection.dimension" in done.stderr
