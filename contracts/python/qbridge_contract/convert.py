# Generated from contracts/proto by `make contracts`; do not edit.
"""Between structs and pb2 messages, in straight-line code: `x_to_pb`, `x_from_pb` for each message, and
`to_pb`, `from_pb` for any of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from google.protobuf import message as _message
from msgspec import UNSET
from qbridge_contract import structs as s
from qbridge_contract._bounds import DEPTH_MAX
from qbridge_contract._values import (
    as_list,
    fill_floats,
    fill_struct,
    fill_time,
    fill_value,
    refuse_depth,
    refuse_read,
    refuse_write,
    struct_from,
    time_from,
    two_members,
    unknown_in,
    value_from,
)
from qbridge_contract.v1 import backend_pb2, bridge_pb2, errors_pb2, platform_pb2, request_pb2, vector_pb2

_S = TypeVar("_S", bound=s.Message)
_REFUSED = (TypeError, ValueError, AttributeError, KeyError, OverflowError, RecursionError)


def to_pb(struct: s.Message) -> Any:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    return TO_PB[type(struct)](struct)


def from_pb(message: _message.Message) -> Any:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold.

    Unknown fields are passed over: `refuse_unknown_fields` looks for them.
    """
    return FROM_PB[type(message)](message)


def refuse_unknown_fields(message: _message.Message) -> None:
    """Raises BridgeError MALFORMED, naming the place, where the message has fields that the contract lacks."""
    data = message.SerializeToString()
    message.DiscardUnknownFields()
    if message.ByteSize() != len(data):
        raise unknown_in(type(message).FromString(data))


def parse(kind: type[_S], data: bytes) -> _S:
    """The struct in protobuf bytes. Raises BridgeError MALFORMED for bytes that are no such message,
    unknown fields included, and INVALID_ARGUMENT for what a struct cannot hold."""
    message = PB[kind]()
    try:
        message.ParseFromString(data)
    except (_message.DecodeError, UnicodeDecodeError) as error:
        raise refuse_read(kind.__name__, error) from error
    refuse_unknown_fields(message)
    struct: _S = FROM_PB[type(message)](message)
    return struct


def serialize(struct: s.Message) -> bytes:
    """The protobuf bytes of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    data: bytes = TO_PB[type(struct)](struct).SerializeToString()
    return data


_ERRORCODE = {member.number: member for member in s.ErrorCode}

_METRIC = {member.number: member for member in s.Metric}

_DTYPE = {member.number: member for member in s.DType}

_COMPARISON = {member.number: member for member in s.Comparison}

_DURABILITY = {member.number: member for member in s.Durability}

_REQUESTSTATE = {member.number: member for member in s.RequestState}

_BACKENDSTATE = {member.number: member for member in s.BackendState}

_WAITREASON = {member.number: member for member in s.WaitReason}

_HEALTHSTATE = {member.number: member for member in s.HealthState}


def field_violation_to_pb(struct: s.FieldViolation) -> errors_pb2.FieldViolation:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = errors_pb2.FieldViolation()
    try:
        _fill_field_violation(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def field_violation_from_pb(m: errors_pb2.FieldViolation) -> s.FieldViolation:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _field_violation(m)
    except _REFUSED as error:
        raise refuse_read("FieldViolation", error) from error


def _fill_field_violation(m: Any, x: s.FieldViolation) -> None:
    if x.field:
        m.field = x.field
    if x.rule:
        m.rule = x.rule
    if x.message:
        m.message = x.message


def _field_violation(m: errors_pb2.FieldViolation) -> s.FieldViolation:
    return s.FieldViolation(
        field=m.field,
        rule=m.rule,
        message=m.message,
    )


def error_to_pb(struct: s.Error) -> errors_pb2.Error:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = errors_pb2.Error()
    try:
        _fill_error(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def error_from_pb(m: errors_pb2.Error) -> s.Error:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _error(m)
    except _REFUSED as error:
        raise refuse_read("Error", error) from error


def _fill_error(m: Any, x: s.Error) -> None:
    if x.code is not s.ErrorCode.UNSPECIFIED:
        m.code = x.code.number
    if x.message:
        m.message = x.message
    if x.retryable:
        m.retryable = x.retryable
    if x.retry_after_s:
        m.retry_after_s = x.retry_after_s
    if x.violations:
        add = m.violations.add
        for each in as_list(x.violations):
            _fill_field_violation(add(), each)
    if x.trace_id:
        m.trace_id = x.trace_id


def _error(m: errors_pb2.Error) -> s.Error:
    return s.Error(
        code=_ERRORCODE[m.code],
        message=m.message,
        retryable=m.retryable,
        retry_after_s=m.retry_after_s,
        violations=[_field_violation(each) for each in m.violations],
        trace_id=m.trace_id,
    )


def float_array_to_pb(struct: s.FloatArray) -> vector_pb2.FloatArray:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = vector_pb2.FloatArray()
    try:
        _fill_float_array(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def float_array_from_pb(m: vector_pb2.FloatArray) -> s.FloatArray:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _float_array(m)
    except _REFUSED as error:
        raise refuse_read("FloatArray", error) from error


def _fill_float_array(m: Any, x: s.FloatArray) -> None:
    if x.items:
        fill_floats(m.items, as_list(x.items))


def _float_array(m: vector_pb2.FloatArray) -> s.FloatArray:
    return s.FloatArray(
        items=m.items[:],
    )


def vector_to_pb(struct: s.Vector) -> vector_pb2.Vector:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = vector_pb2.Vector()
    try:
        _fill_vector(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def vector_from_pb(m: vector_pb2.Vector) -> s.Vector:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _vector(m)
    except _REFUSED as error:
        raise refuse_read("Vector", error) from error


def _fill_vector(m: Any, x: s.Vector) -> None:
    if x.shape:
        m.shape.extend(as_list(x.shape))
    if x.dtype is not s.DType.UNSPECIFIED:
        m.dtype = x.dtype.number
    members = 0
    if x.f32le is not None:
        m.f32le = x.f32le
        members += 1
    if x.values is not None:
        part = m.values
        part.SetInParent()
        _fill_float_array(part, x.values)
        members += 1
    if members > 1:
        two_members("data")


def _vector(m: vector_pb2.Vector) -> s.Vector:
    data = m.WhichOneof("data")
    return s.Vector(
        f32le=m.f32le if data == "f32le" else None,
        values=_float_array(m.values) if data == "values" else None,
        shape=m.shape[:],
        dtype=_DTYPE[m.dtype],
    )


def create_collection_to_pb(struct: s.CreateCollection) -> vector_pb2.CreateCollection:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = vector_pb2.CreateCollection()
    try:
        _fill_create_collection(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def create_collection_from_pb(m: vector_pb2.CreateCollection) -> s.CreateCollection:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _create_collection(m)
    except _REFUSED as error:
        raise refuse_read("CreateCollection", error) from error


def _fill_create_collection(m: Any, x: s.CreateCollection) -> None:
    if x.collection:
        m.collection = x.collection
    if x.dimension:
        m.dimension = x.dimension
    if x.metric is not s.Metric.UNSPECIFIED:
        m.metric = x.metric.number
    if x.exist_ok:
        m.exist_ok = x.exist_ok


def _create_collection(m: vector_pb2.CreateCollection) -> s.CreateCollection:
    return s.CreateCollection(
        collection=m.collection,
        dimension=m.dimension,
        metric=_METRIC[m.metric],
        exist_ok=m.exist_ok,
    )


def delete_collection_to_pb(struct: s.DeleteCollection) -> vector_pb2.DeleteCollection:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = vector_pb2.DeleteCollection()
    try:
        _fill_delete_collection(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def delete_collection_from_pb(m: vector_pb2.DeleteCollection) -> s.DeleteCollection:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _delete_collection(m)
    except _REFUSED as error:
        raise refuse_read("DeleteCollection", error) from error


def _fill_delete_collection(m: Any, x: s.DeleteCollection) -> None:
    if x.collection:
        m.collection = x.collection


def _delete_collection(m: vector_pb2.DeleteCollection) -> s.DeleteCollection:
    return s.DeleteCollection(
        collection=m.collection,
    )


def list_collections_to_pb(struct: s.ListCollections) -> vector_pb2.ListCollections:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = vector_pb2.ListCollections()
    try:
        _fill_list_collections(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def list_collections_from_pb(m: vector_pb2.ListCollections) -> s.ListCollections:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _list_collections(m)
    except _REFUSED as error:
        raise refuse_read("ListCollections", error) from error


def _fill_list_collections(m: Any, x: s.ListCollections) -> None:
    pass


def _list_collections(m: vector_pb2.ListCollections) -> s.ListCollections:
    return s.ListCollections()


def upsert_vectors_to_pb(struct: s.UpsertVectors) -> vector_pb2.UpsertVectors:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = vector_pb2.UpsertVectors()
    try:
        _fill_upsert_vectors(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def upsert_vectors_from_pb(m: vector_pb2.UpsertVectors) -> s.UpsertVectors:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _upsert_vectors(m)
    except _REFUSED as error:
        raise refuse_read("UpsertVectors", error) from error


def _fill_upsert_vectors(m: Any, x: s.UpsertVectors) -> None:
    if x.collection:
        m.collection = x.collection
    if x.ids:
        m.ids.extend(as_list(x.ids))
    if x.vectors is not None:
        part = m.vectors
        part.SetInParent()
        _fill_vector(part, x.vectors)
    if x.metadata:
        add = m.metadata.add
        for each in as_list(x.metadata):
            fill_struct(add(), each)


def _upsert_vectors(m: vector_pb2.UpsertVectors) -> s.UpsertVectors:
    return s.UpsertVectors(
        collection=m.collection,
        ids=m.ids[:],
        vectors=_vector(m.vectors) if m.HasField("vectors") else None,
        metadata=[struct_from(each) for each in m.metadata],
    )


def condition_to_pb(struct: s.Condition) -> vector_pb2.Condition:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = vector_pb2.Condition()
    try:
        _fill_condition(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def condition_from_pb(m: vector_pb2.Condition) -> s.Condition:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _condition(m)
    except _REFUSED as error:
        raise refuse_read("Condition", error) from error


def _fill_condition(m: Any, x: s.Condition) -> None:
    if x.key:
        m.key = x.key
    if x.comparison is not s.Comparison.UNSPECIFIED:
        m.comparison = x.comparison.number
    if x.value is not UNSET:
        fill_value(m.value, x.value)


def _condition(m: vector_pb2.Condition) -> s.Condition:
    return s.Condition(
        key=m.key,
        comparison=_COMPARISON[m.comparison],
        value=value_from(m.value) if m.HasField("value") else UNSET,
    )


def filter_list_to_pb(struct: s.FilterList) -> vector_pb2.FilterList:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = vector_pb2.FilterList()
    try:
        _fill_filter_list(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def filter_list_from_pb(m: vector_pb2.FilterList) -> s.FilterList:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _filter_list(m)
    except _REFUSED as error:
        raise refuse_read("FilterList", error) from error


def _fill_filter_list(m: Any, x: s.FilterList, depth: int = 0) -> None:
    if depth > DEPTH_MAX:
        refuse_depth()
    if x.filters:
        add = m.filters.add
        for each in as_list(x.filters):
            _fill_filter(add(), each, depth + 1)


def _filter_list(m: vector_pb2.FilterList, depth: int = 0) -> s.FilterList:
    if depth > DEPTH_MAX:
        refuse_depth()
    return s.FilterList(
        filters=[_filter(each, depth + 1) for each in m.filters],
    )


def filter_to_pb(struct: s.Filter) -> vector_pb2.Filter:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = vector_pb2.Filter()
    try:
        _fill_filter(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def filter_from_pb(m: vector_pb2.Filter) -> s.Filter:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _filter(m)
    except _REFUSED as error:
        raise refuse_read("Filter", error) from error


def _fill_filter(m: Any, x: s.Filter, depth: int = 0) -> None:
    if depth > DEPTH_MAX:
        refuse_depth()
    members = 0
    if x.where is not None:
        part = m.where
        part.SetInParent()
        _fill_condition(part, x.where)
        members += 1
    if x.all is not None:
        part = m.all
        part.SetInParent()
        _fill_filter_list(part, x.all, depth + 1)
        members += 1
    if x.any is not None:
        part = m.any
        part.SetInParent()
        _fill_filter_list(part, x.any, depth + 1)
        members += 1
    if x.not_ is not None:
        part = getattr(m, "not")
        part.SetInParent()
        _fill_filter(part, x.not_, depth + 1)
        members += 1
    if members > 1:
        two_members("kind")


def _filter(m: vector_pb2.Filter, depth: int = 0) -> s.Filter:
    if depth > DEPTH_MAX:
        refuse_depth()
    kind = m.WhichOneof("kind")
    if kind == "where":
        return s.Filter(where=_condition(m.where))
    if kind == "all":
        return s.Filter(all=_filter_list(m.all, depth + 1))
    if kind == "any":
        return s.Filter(any=_filter_list(m.any, depth + 1))
    if kind == "not":
        return s.Filter(not_=_filter(getattr(m, "not"), depth + 1))
    return s.Filter()


def query_vectors_to_pb(struct: s.QueryVectors) -> vector_pb2.QueryVectors:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = vector_pb2.QueryVectors()
    try:
        _fill_query_vectors(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def query_vectors_from_pb(m: vector_pb2.QueryVectors) -> s.QueryVectors:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _query_vectors(m)
    except _REFUSED as error:
        raise refuse_read("QueryVectors", error) from error


def _fill_query_vectors(m: Any, x: s.QueryVectors) -> None:
    if x.collection:
        m.collection = x.collection
    if x.queries is not None:
        part = m.queries
        part.SetInParent()
        _fill_vector(part, x.queries)
    if x.top_k:
        m.top_k = x.top_k
    if x.filter is not None:
        part = m.filter
        part.SetInParent()
        _fill_filter(part, x.filter)
    if x.include_metadata:
        m.include_metadata = x.include_metadata
    if x.include_vectors:
        m.include_vectors = x.include_vectors


def _query_vectors(m: vector_pb2.QueryVectors) -> s.QueryVectors:
    return s.QueryVectors(
        collection=m.collection,
        queries=_vector(m.queries) if m.HasField("queries") else None,
        top_k=m.top_k,
        filter=_filter(m.filter) if m.HasField("filter") else None,
        include_metadata=m.include_metadata,
        include_vectors=m.include_vectors,
    )


def get_vectors_to_pb(struct: s.GetVectors) -> vector_pb2.GetVectors:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = vector_pb2.GetVectors()
    try:
        _fill_get_vectors(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def get_vectors_from_pb(m: vector_pb2.GetVectors) -> s.GetVectors:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _get_vectors(m)
    except _REFUSED as error:
        raise refuse_read("GetVectors", error) from error


def _fill_get_vectors(m: Any, x: s.GetVectors) -> None:
    if x.collection:
        m.collection = x.collection
    if x.ids:
        m.ids.extend(as_list(x.ids))


def _get_vectors(m: vector_pb2.GetVectors) -> s.GetVectors:
    return s.GetVectors(
        collection=m.collection,
        ids=m.ids[:],
    )


def delete_vectors_to_pb(struct: s.DeleteVectors) -> vector_pb2.DeleteVectors:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = vector_pb2.DeleteVectors()
    try:
        _fill_delete_vectors(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def delete_vectors_from_pb(m: vector_pb2.DeleteVectors) -> s.DeleteVectors:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _delete_vectors(m)
    except _REFUSED as error:
        raise refuse_read("DeleteVectors", error) from error


def _fill_delete_vectors(m: Any, x: s.DeleteVectors) -> None:
    if x.collection:
        m.collection = x.collection
    if x.ids:
        m.ids.extend(as_list(x.ids))
    if x.filter is not None:
        part = m.filter
        part.SetInParent()
        _fill_filter(part, x.filter)


def _delete_vectors(m: vector_pb2.DeleteVectors) -> s.DeleteVectors:
    return s.DeleteVectors(
        collection=m.collection,
        ids=m.ids[:],
        filter=_filter(m.filter) if m.HasField("filter") else None,
    )


def count_vectors_to_pb(struct: s.CountVectors) -> vector_pb2.CountVectors:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = vector_pb2.CountVectors()
    try:
        _fill_count_vectors(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def count_vectors_from_pb(m: vector_pb2.CountVectors) -> s.CountVectors:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _count_vectors(m)
    except _REFUSED as error:
        raise refuse_read("CountVectors", error) from error


def _fill_count_vectors(m: Any, x: s.CountVectors) -> None:
    if x.collection:
        m.collection = x.collection
    if x.filter is not None:
        part = m.filter
        part.SetInParent()
        _fill_filter(part, x.filter)


def _count_vectors(m: vector_pb2.CountVectors) -> s.CountVectors:
    return s.CountVectors(
        collection=m.collection,
        filter=_filter(m.filter) if m.HasField("filter") else None,
    )


def collection_info_to_pb(struct: s.CollectionInfo) -> vector_pb2.CollectionInfo:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = vector_pb2.CollectionInfo()
    try:
        _fill_collection_info(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def collection_info_from_pb(m: vector_pb2.CollectionInfo) -> s.CollectionInfo:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _collection_info(m)
    except _REFUSED as error:
        raise refuse_read("CollectionInfo", error) from error


def _fill_collection_info(m: Any, x: s.CollectionInfo) -> None:
    if x.collection:
        m.collection = x.collection
    if x.dimension:
        m.dimension = x.dimension
    if x.metric is not s.Metric.UNSPECIFIED:
        m.metric = x.metric.number
    if x.count:
        m.count = x.count


def _collection_info(m: vector_pb2.CollectionInfo) -> s.CollectionInfo:
    return s.CollectionInfo(
        collection=m.collection,
        dimension=m.dimension,
        metric=_METRIC[m.metric],
        count=m.count,
    )


def collection_list_to_pb(struct: s.CollectionList) -> vector_pb2.CollectionList:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = vector_pb2.CollectionList()
    try:
        _fill_collection_list(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def collection_list_from_pb(m: vector_pb2.CollectionList) -> s.CollectionList:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _collection_list(m)
    except _REFUSED as error:
        raise refuse_read("CollectionList", error) from error


def _fill_collection_list(m: Any, x: s.CollectionList) -> None:
    if x.collections:
        add = m.collections.add
        for each in as_list(x.collections):
            _fill_collection_info(add(), each)


def _collection_list(m: vector_pb2.CollectionList) -> s.CollectionList:
    return s.CollectionList(
        collections=[_collection_info(each) for each in m.collections],
    )


def vector_matches_to_pb(struct: s.VectorMatches) -> vector_pb2.VectorMatches:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = vector_pb2.VectorMatches()
    try:
        _fill_vector_matches(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def vector_matches_from_pb(m: vector_pb2.VectorMatches) -> s.VectorMatches:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _vector_matches(m)
    except _REFUSED as error:
        raise refuse_read("VectorMatches", error) from error


def _fill_vector_matches(m: Any, x: s.VectorMatches) -> None:
    if x.ids:
        m.ids.extend(as_list(x.ids))
    if x.distances:
        fill_floats(m.distances, as_list(x.distances))
    if x.counts:
        m.counts.extend(as_list(x.counts))
    if x.metadata:
        add = m.metadata.add
        for each in as_list(x.metadata):
            fill_struct(add(), each)
    if x.vectors is not None:
        part = m.vectors
        part.SetInParent()
        _fill_vector(part, x.vectors)


def _vector_matches(m: vector_pb2.VectorMatches) -> s.VectorMatches:
    return s.VectorMatches(
        ids=m.ids[:],
        distances=m.distances[:],
        counts=m.counts[:],
        metadata=[struct_from(each) for each in m.metadata],
        vectors=_vector(m.vectors) if m.HasField("vectors") else None,
    )


def vector_records_to_pb(struct: s.VectorRecords) -> vector_pb2.VectorRecords:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = vector_pb2.VectorRecords()
    try:
        _fill_vector_records(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def vector_records_from_pb(m: vector_pb2.VectorRecords) -> s.VectorRecords:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _vector_records(m)
    except _REFUSED as error:
        raise refuse_read("VectorRecords", error) from error


def _fill_vector_records(m: Any, x: s.VectorRecords) -> None:
    if x.ids:
        m.ids.extend(as_list(x.ids))
    if x.vectors is not None:
        part = m.vectors
        part.SetInParent()
        _fill_vector(part, x.vectors)
    if x.metadata:
        add = m.metadata.add
        for each in as_list(x.metadata):
            fill_struct(add(), each)


def _vector_records(m: vector_pb2.VectorRecords) -> s.VectorRecords:
    return s.VectorRecords(
        ids=m.ids[:],
        vectors=_vector(m.vectors) if m.HasField("vectors") else None,
        metadata=[struct_from(each) for each in m.metadata],
    )


def vector_count_to_pb(struct: s.VectorCount) -> vector_pb2.VectorCount:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = vector_pb2.VectorCount()
    try:
        _fill_vector_count(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def vector_count_from_pb(m: vector_pb2.VectorCount) -> s.VectorCount:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _vector_count(m)
    except _REFUSED as error:
        raise refuse_read("VectorCount", error) from error


def _fill_vector_count(m: Any, x: s.VectorCount) -> None:
    if x.count:
        m.count = x.count


def _vector_count(m: vector_pb2.VectorCount) -> s.VectorCount:
    return s.VectorCount(
        count=m.count,
    )


def payload_to_pb(struct: s.Payload) -> request_pb2.Payload:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = request_pb2.Payload()
    try:
        _fill_payload(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def payload_from_pb(m: request_pb2.Payload) -> s.Payload:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _payload(m)
    except _REFUSED as error:
        raise refuse_read("Payload", error) from error


def _fill_payload(m: Any, x: s.Payload) -> None:
    if x.content_type:
        m.content_type = x.content_type
    members = 0
    if x.data is not None:
        m.data = x.data
        members += 1
    if x.json is not UNSET:
        fill_value(m.json, x.json)
        members += 1
    if x.text is not None:
        m.text = x.text
        members += 1
    if members > 1:
        two_members("body")


def _payload(m: request_pb2.Payload) -> s.Payload:
    body = m.WhichOneof("body")
    return s.Payload(
        data=m.data if body == "data" else None,
        json=value_from(m.json) if body == "json" else UNSET,
        text=m.text if body == "text" else None,
        content_type=m.content_type,
    )


def invoke_to_pb(struct: s.Invoke) -> request_pb2.Invoke:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = request_pb2.Invoke()
    try:
        _fill_invoke(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def invoke_from_pb(m: request_pb2.Invoke) -> s.Invoke:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _invoke(m)
    except _REFUSED as error:
        raise refuse_read("Invoke", error) from error


def _fill_invoke(m: Any, x: s.Invoke) -> None:
    if x.name:
        m.name = x.name
    if x.payload is not None:
        part = m.payload
        part.SetInParent()
        _fill_payload(part, x.payload)
    if x.no_side_effects:
        m.no_side_effects = x.no_side_effects


def _invoke(m: request_pb2.Invoke) -> s.Invoke:
    return s.Invoke(
        name=m.name,
        payload=_payload(m.payload) if m.HasField("payload") else None,
        no_side_effects=m.no_side_effects,
    )


def operation_to_pb(struct: s.Operation) -> request_pb2.Operation:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = request_pb2.Operation()
    try:
        _fill_operation(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def operation_from_pb(m: request_pb2.Operation) -> s.Operation:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _operation(m)
    except _REFUSED as error:
        raise refuse_read("Operation", error) from error


def _fill_operation(m: Any, x: s.Operation) -> None:
    members = 0
    if x.invoke is not None:
        part = m.invoke
        part.SetInParent()
        _fill_invoke(part, x.invoke)
        members += 1
    if x.create_collection is not None:
        part = m.create_collection
        part.SetInParent()
        _fill_create_collection(part, x.create_collection)
        members += 1
    if x.delete_collection is not None:
        part = m.delete_collection
        part.SetInParent()
        _fill_delete_collection(part, x.delete_collection)
        members += 1
    if x.list_collections is not None:
        part = m.list_collections
        part.SetInParent()
        _fill_list_collections(part, x.list_collections)
        members += 1
    if x.upsert is not None:
        part = m.upsert
        part.SetInParent()
        _fill_upsert_vectors(part, x.upsert)
        members += 1
    if x.query is not None:
        part = m.query
        part.SetInParent()
        _fill_query_vectors(part, x.query)
        members += 1
    if x.get is not None:
        part = m.get
        part.SetInParent()
        _fill_get_vectors(part, x.get)
        members += 1
    if x.delete is not None:
        part = m.delete
        part.SetInParent()
        _fill_delete_vectors(part, x.delete)
        members += 1
    if x.count is not None:
        part = m.count
        part.SetInParent()
        _fill_count_vectors(part, x.count)
        members += 1
    if members > 1:
        two_members("kind")


def _operation(m: request_pb2.Operation) -> s.Operation:
    kind = m.WhichOneof("kind")
    if kind == "invoke":
        return s.Operation(invoke=_invoke(m.invoke))
    if kind == "create_collection":
        return s.Operation(create_collection=_create_collection(m.create_collection))
    if kind == "delete_collection":
        return s.Operation(delete_collection=_delete_collection(m.delete_collection))
    if kind == "list_collections":
        return s.Operation(list_collections=_list_collections(m.list_collections))
    if kind == "upsert":
        return s.Operation(upsert=_upsert_vectors(m.upsert))
    if kind == "query":
        return s.Operation(query=_query_vectors(m.query))
    if kind == "get":
        return s.Operation(get=_get_vectors(m.get))
    if kind == "delete":
        return s.Operation(delete=_delete_vectors(m.delete))
    if kind == "count":
        return s.Operation(count=_count_vectors(m.count))
    return s.Operation()


def reply_to_pb(struct: s.Reply) -> request_pb2.Reply:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = request_pb2.Reply()
    try:
        _fill_reply(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def reply_from_pb(m: request_pb2.Reply) -> s.Reply:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _reply(m)
    except _REFUSED as error:
        raise refuse_read("Reply", error) from error


def _fill_reply(m: Any, x: s.Reply) -> None:
    members = 0
    if x.payload is not None:
        part = m.payload
        part.SetInParent()
        _fill_payload(part, x.payload)
        members += 1
    if x.matches is not None:
        part = m.matches
        part.SetInParent()
        _fill_vector_matches(part, x.matches)
        members += 1
    if x.records is not None:
        part = m.records
        part.SetInParent()
        _fill_vector_records(part, x.records)
        members += 1
    if x.count is not None:
        part = m.count
        part.SetInParent()
        _fill_vector_count(part, x.count)
        members += 1
    if x.collection is not None:
        part = m.collection
        part.SetInParent()
        _fill_collection_info(part, x.collection)
        members += 1
    if x.collections is not None:
        part = m.collections
        part.SetInParent()
        _fill_collection_list(part, x.collections)
        members += 1
    if members > 1:
        two_members("kind")


def _reply(m: request_pb2.Reply) -> s.Reply:
    kind = m.WhichOneof("kind")
    if kind == "payload":
        return s.Reply(payload=_payload(m.payload))
    if kind == "matches":
        return s.Reply(matches=_vector_matches(m.matches))
    if kind == "records":
        return s.Reply(records=_vector_records(m.records))
    if kind == "count":
        return s.Reply(count=_vector_count(m.count))
    if kind == "collection":
        return s.Reply(collection=_collection_info(m.collection))
    if kind == "collections":
        return s.Reply(collections=_collection_list(m.collections))
    return s.Reply()


def retry_policy_to_pb(struct: s.RetryPolicy) -> request_pb2.RetryPolicy:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = request_pb2.RetryPolicy()
    try:
        _fill_retry_policy(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def retry_policy_from_pb(m: request_pb2.RetryPolicy) -> s.RetryPolicy:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _retry_policy(m)
    except _REFUSED as error:
        raise refuse_read("RetryPolicy", error) from error


def _fill_retry_policy(m: Any, x: s.RetryPolicy) -> None:
    if x.crashes_max is not None:
        m.crashes_max = x.crashes_max
    if x.errors_max is not None:
        m.errors_max = x.errors_max


def _retry_policy(m: request_pb2.RetryPolicy) -> s.RetryPolicy:
    return s.RetryPolicy(
        crashes_max=m.crashes_max if m.HasField("crashes_max") else None,
        errors_max=m.errors_max if m.HasField("errors_max") else None,
    )


def internal_request_to_pb(struct: s.InternalRequest) -> request_pb2.InternalRequest:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = request_pb2.InternalRequest()
    try:
        _fill_internal_request(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def internal_request_from_pb(m: request_pb2.InternalRequest) -> s.InternalRequest:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _internal_request(m)
    except _REFUSED as error:
        raise refuse_read("InternalRequest", error) from error


def _fill_internal_request(m: Any, x: s.InternalRequest) -> None:
    if x.id:
        m.id = x.id
    if x.backend:
        m.backend = x.backend
    if x.operation is not None:
        part = m.operation
        part.SetInParent()
        _fill_operation(part, x.operation)
    if x.durability is not s.Durability.UNSPECIFIED:
        m.durability = x.durability.number
    if x.priority is not None:
        m.priority = x.priority
    if x.deadline is not None:
        fill_time(m.deadline, x.deadline)
    if x.timeout_s:
        m.timeout_s = x.timeout_s
    if x.idempotency_key:
        m.idempotency_key = x.idempotency_key
    if x.retry is not None:
        part = m.retry
        part.SetInParent()
        _fill_retry_policy(part, x.retry)
    if x.labels:
        m.labels.update(x.labels)
    if x.traceparent:
        m.traceparent = x.traceparent


def _internal_request(m: request_pb2.InternalRequest) -> s.InternalRequest:
    return s.InternalRequest(
        id=m.id,
        backend=m.backend,
        operation=_operation(m.operation) if m.HasField("operation") else None,
        durability=_DURABILITY[m.durability],
        priority=m.priority if m.HasField("priority") else None,
        deadline=time_from(m.deadline) if m.HasField("deadline") else None,
        timeout_s=m.timeout_s,
        idempotency_key=m.idempotency_key,
        retry=_retry_policy(m.retry) if m.HasField("retry") else None,
        labels=dict(labels) if (labels := m.labels) else {},
        traceparent=m.traceparent,
    )


def accepted_to_pb(struct: s.Accepted) -> request_pb2.Accepted:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = request_pb2.Accepted()
    try:
        _fill_accepted(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def accepted_from_pb(m: request_pb2.Accepted) -> s.Accepted:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _accepted(m)
    except _REFUSED as error:
        raise refuse_read("Accepted", error) from error


def _fill_accepted(m: Any, x: s.Accepted) -> None:
    if x.request_id:
        m.request_id = x.request_id
    if x.durability is not s.Durability.UNSPECIFIED:
        m.durability = x.durability.number
    if x.replayed:
        m.replayed = x.replayed
    if x.trace_id:
        m.trace_id = x.trace_id


def _accepted(m: request_pb2.Accepted) -> s.Accepted:
    return s.Accepted(
        request_id=m.request_id,
        durability=_DURABILITY[m.durability],
        replayed=m.replayed,
        trace_id=m.trace_id,
    )


def result_to_pb(struct: s.Result) -> request_pb2.Result:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = request_pb2.Result()
    try:
        _fill_result(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def result_from_pb(m: request_pb2.Result) -> s.Result:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _result(m)
    except _REFUSED as error:
        raise refuse_read("Result", error) from error


def _fill_result(m: Any, x: s.Result) -> None:
    if x.request_id:
        m.request_id = x.request_id
    if x.state is not s.RequestState.UNSPECIFIED:
        m.state = x.state.number
    if x.reply is not None:
        part = m.reply
        part.SetInParent()
        _fill_reply(part, x.reply)
    if x.error is not None:
        part = m.error
        part.SetInParent()
        _fill_error(part, x.error)
    if x.attempts:
        m.attempts = x.attempts
    if x.replayed:
        m.replayed = x.replayed
    if x.trace_id:
        m.trace_id = x.trace_id


def _result(m: request_pb2.Result) -> s.Result:
    return s.Result(
        request_id=m.request_id,
        state=_REQUESTSTATE[m.state],
        reply=_reply(m.reply) if m.HasField("reply") else None,
        error=_error(m.error) if m.HasField("error") else None,
        attempts=m.attempts,
        replayed=m.replayed,
        trace_id=m.trace_id,
    )


def request_record_to_pb(struct: s.RequestRecord) -> request_pb2.RequestRecord:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = request_pb2.RequestRecord()
    try:
        _fill_request_record(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def request_record_from_pb(m: request_pb2.RequestRecord) -> s.RequestRecord:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _request_record(m)
    except _REFUSED as error:
        raise refuse_read("RequestRecord", error) from error


def _fill_request_record(m: Any, x: s.RequestRecord) -> None:
    if x.request is not None:
        part = m.request
        part.SetInParent()
        _fill_internal_request(part, x.request)
    if x.state is not s.RequestState.UNSPECIFIED:
        m.state = x.state.number
    if x.result is not None:
        part = m.result
        part.SetInParent()
        _fill_result(part, x.result)
    if x.lane:
        m.lane = x.lane
    if x.attempts:
        m.attempts = x.attempts
    if x.durability is not s.Durability.UNSPECIFIED:
        m.durability = x.durability.number
    if x.created_at is not None:
        fill_time(m.created_at, x.created_at)
    if x.updated_at is not None:
        fill_time(m.updated_at, x.updated_at)
    if x.redrive_of:
        m.redrive_of = x.redrive_of


def _request_record(m: request_pb2.RequestRecord) -> s.RequestRecord:
    return s.RequestRecord(
        request=_internal_request(m.request) if m.HasField("request") else None,
        state=_REQUESTSTATE[m.state],
        result=_result(m.result) if m.HasField("result") else None,
        lane=m.lane,
        attempts=m.attempts,
        durability=_DURABILITY[m.durability],
        created_at=time_from(m.created_at) if m.HasField("created_at") else None,
        updated_at=time_from(m.updated_at) if m.HasField("updated_at") else None,
        redrive_of=m.redrive_of,
    )


def request_event_to_pb(struct: s.RequestEvent) -> request_pb2.RequestEvent:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = request_pb2.RequestEvent()
    try:
        _fill_request_event(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def request_event_from_pb(m: request_pb2.RequestEvent) -> s.RequestEvent:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _request_event(m)
    except _REFUSED as error:
        raise refuse_read("RequestEvent", error) from error


def _fill_request_event(m: Any, x: s.RequestEvent) -> None:
    if x.request_id:
        m.request_id = x.request_id
    if x.sequence:
        m.sequence = x.sequence
    if x.state is not s.RequestState.UNSPECIFIED:
        m.state = x.state.number
    if x.at is not None:
        fill_time(m.at, x.at)
    if x.result is not None:
        part = m.result
        part.SetInParent()
        _fill_result(part, x.result)


def _request_event(m: request_pb2.RequestEvent) -> s.RequestEvent:
    return s.RequestEvent(
        request_id=m.request_id,
        sequence=m.sequence,
        state=_REQUESTSTATE[m.state],
        at=time_from(m.at) if m.HasField("at") else None,
        result=_result(m.result) if m.HasField("result") else None,
    )


def batch_limits_to_pb(struct: s.BatchLimits) -> backend_pb2.BatchLimits:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = backend_pb2.BatchLimits()
    try:
        _fill_batch_limits(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def batch_limits_from_pb(m: backend_pb2.BatchLimits) -> s.BatchLimits:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _batch_limits(m)
    except _REFUSED as error:
        raise refuse_read("BatchLimits", error) from error


def _fill_batch_limits(m: Any, x: s.BatchLimits) -> None:
    if x.size_max:
        m.size_max = x.size_max
    if x.wait_s_max:
        m.wait_s_max = x.wait_s_max
    if x.in_flight_max:
        m.in_flight_max = x.in_flight_max


def _batch_limits(m: backend_pb2.BatchLimits) -> s.BatchLimits:
    return s.BatchLimits(
        size_max=m.size_max,
        wait_s_max=m.wait_s_max,
        in_flight_max=m.in_flight_max,
    )


def operation_spec_to_pb(struct: s.OperationSpec) -> backend_pb2.OperationSpec:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = backend_pb2.OperationSpec()
    try:
        _fill_operation_spec(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def operation_spec_from_pb(m: backend_pb2.OperationSpec) -> s.OperationSpec:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _operation_spec(m)
    except _REFUSED as error:
        raise refuse_read("OperationSpec", error) from error


def _fill_operation_spec(m: Any, x: s.OperationSpec) -> None:
    if x.name:
        m.name = x.name
    if x.description:
        m.description = x.description


def _operation_spec(m: backend_pb2.OperationSpec) -> s.OperationSpec:
    return s.OperationSpec(
        name=m.name,
        description=m.description,
    )


def backend_to_pb(struct: s.Backend) -> backend_pb2.Backend:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = backend_pb2.Backend()
    try:
        _fill_backend(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def backend_from_pb(m: backend_pb2.Backend) -> s.Backend:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _backend(m)
    except _REFUSED as error:
        raise refuse_read("Backend", error) from error


def _fill_backend(m: Any, x: s.Backend) -> None:
    if x.name:
        m.name = x.name
    if x.kind:
        m.kind = x.kind
    if x.description:
        m.description = x.description
    if x.operations:
        add = m.operations.add
        for each in as_list(x.operations):
            _fill_operation_spec(add(), each)
    if x.batch is not None:
        part = m.batch
        part.SetInParent()
        _fill_batch_limits(part, x.batch)
    if x.labels:
        m.labels.update(x.labels)
    if x.state is not s.BackendState.UNSPECIFIED:
        m.state = x.state.number
    if x.connections:
        m.connections = x.connections
    if x.version:
        m.version = x.version
    if x.created_at is not None:
        fill_time(m.created_at, x.created_at)


def _backend(m: backend_pb2.Backend) -> s.Backend:
    return s.Backend(
        name=m.name,
        kind=m.kind,
        description=m.description,
        operations=[_operation_spec(each) for each in m.operations],
        batch=_batch_limits(m.batch) if m.HasField("batch") else None,
        labels=dict(labels) if (labels := m.labels) else {},
        state=_BACKENDSTATE[m.state],
        connections=m.connections,
        version=m.version,
        created_at=time_from(m.created_at) if m.HasField("created_at") else None,
    )


def register_request_to_pb(struct: s.RegisterRequest) -> backend_pb2.RegisterRequest:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = backend_pb2.RegisterRequest()
    try:
        _fill_register_request(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def register_request_from_pb(m: backend_pb2.RegisterRequest) -> s.RegisterRequest:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _register_request(m)
    except _REFUSED as error:
        raise refuse_read("RegisterRequest", error) from error


def _fill_register_request(m: Any, x: s.RegisterRequest) -> None:
    if x.backend is not None:
        part = m.backend
        part.SetInParent()
        _fill_backend(part, x.backend)


def _register_request(m: backend_pb2.RegisterRequest) -> s.RegisterRequest:
    return s.RegisterRequest(
        backend=_backend(m.backend) if m.HasField("backend") else None,
    )


def register_response_to_pb(struct: s.RegisterResponse) -> backend_pb2.RegisterResponse:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = backend_pb2.RegisterResponse()
    try:
        _fill_register_response(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def register_response_from_pb(m: backend_pb2.RegisterResponse) -> s.RegisterResponse:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _register_response(m)
    except _REFUSED as error:
        raise refuse_read("RegisterResponse", error) from error


def _fill_register_response(m: Any, x: s.RegisterResponse) -> None:
    if x.backend is not None:
        part = m.backend
        part.SetInParent()
        _fill_backend(part, x.backend)


def _register_response(m: backend_pb2.RegisterResponse) -> s.RegisterResponse:
    return s.RegisterResponse(
        backend=_backend(m.backend) if m.HasField("backend") else None,
    )


def get_backend_request_to_pb(struct: s.GetBackendRequest) -> backend_pb2.GetBackendRequest:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = backend_pb2.GetBackendRequest()
    try:
        _fill_get_backend_request(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def get_backend_request_from_pb(m: backend_pb2.GetBackendRequest) -> s.GetBackendRequest:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _get_backend_request(m)
    except _REFUSED as error:
        raise refuse_read("GetBackendRequest", error) from error


def _fill_get_backend_request(m: Any, x: s.GetBackendRequest) -> None:
    if x.name:
        m.name = x.name


def _get_backend_request(m: backend_pb2.GetBackendRequest) -> s.GetBackendRequest:
    return s.GetBackendRequest(
        name=m.name,
    )


def get_backend_response_to_pb(struct: s.GetBackendResponse) -> backend_pb2.GetBackendResponse:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = backend_pb2.GetBackendResponse()
    try:
        _fill_get_backend_response(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def get_backend_response_from_pb(m: backend_pb2.GetBackendResponse) -> s.GetBackendResponse:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _get_backend_response(m)
    except _REFUSED as error:
        raise refuse_read("GetBackendResponse", error) from error


def _fill_get_backend_response(m: Any, x: s.GetBackendResponse) -> None:
    if x.backend is not None:
        part = m.backend
        part.SetInParent()
        _fill_backend(part, x.backend)


def _get_backend_response(m: backend_pb2.GetBackendResponse) -> s.GetBackendResponse:
    return s.GetBackendResponse(
        backend=_backend(m.backend) if m.HasField("backend") else None,
    )


def list_backends_request_to_pb(struct: s.ListBackendsRequest) -> backend_pb2.ListBackendsRequest:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = backend_pb2.ListBackendsRequest()
    try:
        _fill_list_backends_request(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def list_backends_request_from_pb(m: backend_pb2.ListBackendsRequest) -> s.ListBackendsRequest:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _list_backends_request(m)
    except _REFUSED as error:
        raise refuse_read("ListBackendsRequest", error) from error


def _fill_list_backends_request(m: Any, x: s.ListBackendsRequest) -> None:
    if x.page_size:
        m.page_size = x.page_size
    if x.page_token:
        m.page_token = x.page_token


def _list_backends_request(m: backend_pb2.ListBackendsRequest) -> s.ListBackendsRequest:
    return s.ListBackendsRequest(
        page_size=m.page_size,
        page_token=m.page_token,
    )


def list_backends_response_to_pb(struct: s.ListBackendsResponse) -> backend_pb2.ListBackendsResponse:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = backend_pb2.ListBackendsResponse()
    try:
        _fill_list_backends_response(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def list_backends_response_from_pb(m: backend_pb2.ListBackendsResponse) -> s.ListBackendsResponse:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _list_backends_response(m)
    except _REFUSED as error:
        raise refuse_read("ListBackendsResponse", error) from error


def _fill_list_backends_response(m: Any, x: s.ListBackendsResponse) -> None:
    if x.backends:
        add = m.backends.add
        for each in as_list(x.backends):
            _fill_backend(add(), each)
    if x.next_page_token:
        m.next_page_token = x.next_page_token


def _list_backends_response(m: backend_pb2.ListBackendsResponse) -> s.ListBackendsResponse:
    return s.ListBackendsResponse(
        backends=[_backend(each) for each in m.backends],
        next_page_token=m.next_page_token,
    )


def update_backend_request_to_pb(struct: s.UpdateBackendRequest) -> backend_pb2.UpdateBackendRequest:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = backend_pb2.UpdateBackendRequest()
    try:
        _fill_update_backend_request(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def update_backend_request_from_pb(m: backend_pb2.UpdateBackendRequest) -> s.UpdateBackendRequest:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _update_backend_request(m)
    except _REFUSED as error:
        raise refuse_read("UpdateBackendRequest", error) from error


def _fill_update_backend_request(m: Any, x: s.UpdateBackendRequest) -> None:
    if x.name:
        m.name = x.name
    if x.description is not None:
        m.description = x.description
    if x.batch is not None:
        part = m.batch
        part.SetInParent()
        _fill_batch_limits(part, x.batch)
    if x.labels:
        m.labels.update(x.labels)
    if x.expected_version:
        m.expected_version = x.expected_version


def _update_backend_request(m: backend_pb2.UpdateBackendRequest) -> s.UpdateBackendRequest:
    return s.UpdateBackendRequest(
        name=m.name,
        description=m.description if m.HasField("description") else None,
        batch=_batch_limits(m.batch) if m.HasField("batch") else None,
        labels=dict(labels) if (labels := m.labels) else {},
        expected_version=m.expected_version,
    )


def update_backend_response_to_pb(struct: s.UpdateBackendResponse) -> backend_pb2.UpdateBackendResponse:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = backend_pb2.UpdateBackendResponse()
    try:
        _fill_update_backend_response(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def update_backend_response_from_pb(m: backend_pb2.UpdateBackendResponse) -> s.UpdateBackendResponse:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _update_backend_response(m)
    except _REFUSED as error:
        raise refuse_read("UpdateBackendResponse", error) from error


def _fill_update_backend_response(m: Any, x: s.UpdateBackendResponse) -> None:
    if x.backend is not None:
        part = m.backend
        part.SetInParent()
        _fill_backend(part, x.backend)


def _update_backend_response(m: backend_pb2.UpdateBackendResponse) -> s.UpdateBackendResponse:
    return s.UpdateBackendResponse(
        backend=_backend(m.backend) if m.HasField("backend") else None,
    )


def delete_backend_request_to_pb(struct: s.DeleteBackendRequest) -> backend_pb2.DeleteBackendRequest:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = backend_pb2.DeleteBackendRequest()
    try:
        _fill_delete_backend_request(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def delete_backend_request_from_pb(m: backend_pb2.DeleteBackendRequest) -> s.DeleteBackendRequest:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _delete_backend_request(m)
    except _REFUSED as error:
        raise refuse_read("DeleteBackendRequest", error) from error


def _fill_delete_backend_request(m: Any, x: s.DeleteBackendRequest) -> None:
    if x.name:
        m.name = x.name


def _delete_backend_request(m: backend_pb2.DeleteBackendRequest) -> s.DeleteBackendRequest:
    return s.DeleteBackendRequest(
        name=m.name,
    )


def delete_backend_response_to_pb(struct: s.DeleteBackendResponse) -> backend_pb2.DeleteBackendResponse:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = backend_pb2.DeleteBackendResponse()
    try:
        _fill_delete_backend_response(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def delete_backend_response_from_pb(m: backend_pb2.DeleteBackendResponse) -> s.DeleteBackendResponse:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _delete_backend_response(m)
    except _REFUSED as error:
        raise refuse_read("DeleteBackendResponse", error) from error


def _fill_delete_backend_response(m: Any, x: s.DeleteBackendResponse) -> None:
    pass


def _delete_backend_response(m: backend_pb2.DeleteBackendResponse) -> s.DeleteBackendResponse:
    return s.DeleteBackendResponse()


def probe_request_to_pb(struct: s.ProbeRequest) -> backend_pb2.ProbeRequest:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = backend_pb2.ProbeRequest()
    try:
        _fill_probe_request(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def probe_request_from_pb(m: backend_pb2.ProbeRequest) -> s.ProbeRequest:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _probe_request(m)
    except _REFUSED as error:
        raise refuse_read("ProbeRequest", error) from error


def _fill_probe_request(m: Any, x: s.ProbeRequest) -> None:
    if x.name:
        m.name = x.name


def _probe_request(m: backend_pb2.ProbeRequest) -> s.ProbeRequest:
    return s.ProbeRequest(
        name=m.name,
    )


def probe_response_to_pb(struct: s.ProbeResponse) -> backend_pb2.ProbeResponse:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = backend_pb2.ProbeResponse()
    try:
        _fill_probe_response(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def probe_response_from_pb(m: backend_pb2.ProbeResponse) -> s.ProbeResponse:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _probe_response(m)
    except _REFUSED as error:
        raise refuse_read("ProbeResponse", error) from error


def _fill_probe_response(m: Any, x: s.ProbeResponse) -> None:
    if x.state is not s.BackendState.UNSPECIFIED:
        m.state = x.state.number
    if x.detail:
        m.detail = x.detail
    if x.latency_s:
        m.latency_s = x.latency_s


def _probe_response(m: backend_pb2.ProbeResponse) -> s.ProbeResponse:
    return s.ProbeResponse(
        state=_BACKENDSTATE[m.state],
        detail=m.detail,
        latency_s=m.latency_s,
    )


def attach_to_pb(struct: s.Attach) -> backend_pb2.Attach:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = backend_pb2.Attach()
    try:
        _fill_attach(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def attach_from_pb(m: backend_pb2.Attach) -> s.Attach:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _attach(m)
    except _REFUSED as error:
        raise refuse_read("Attach", error) from error


def _fill_attach(m: Any, x: s.Attach) -> None:
    if x.backend:
        m.backend = x.backend
    if x.window:
        m.window = x.window


def _attach(m: backend_pb2.Attach) -> s.Attach:
    return s.Attach(
        backend=m.backend,
        window=m.window,
    )


def item_result_to_pb(struct: s.ItemResult) -> backend_pb2.ItemResult:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = backend_pb2.ItemResult()
    try:
        _fill_item_result(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def item_result_from_pb(m: backend_pb2.ItemResult) -> s.ItemResult:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _item_result(m)
    except _REFUSED as error:
        raise refuse_read("ItemResult", error) from error


def _fill_item_result(m: Any, x: s.ItemResult) -> None:
    if x.request_id:
        m.request_id = x.request_id
    if x.epoch:
        m.epoch = x.epoch
    members = 0
    if x.reply is not None:
        part = m.reply
        part.SetInParent()
        _fill_reply(part, x.reply)
        members += 1
    if x.error is not None:
        part = m.error
        part.SetInParent()
        _fill_error(part, x.error)
        members += 1
    if members > 1:
        two_members("outcome")


def _item_result(m: backend_pb2.ItemResult) -> s.ItemResult:
    outcome = m.WhichOneof("outcome")
    return s.ItemResult(
        request_id=m.request_id,
        epoch=m.epoch,
        reply=_reply(m.reply) if outcome == "reply" else None,
        error=_error(m.error) if outcome == "error" else None,
    )


def execute_request_to_pb(struct: s.ExecuteRequest) -> backend_pb2.ExecuteRequest:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = backend_pb2.ExecuteRequest()
    try:
        _fill_execute_request(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def execute_request_from_pb(m: backend_pb2.ExecuteRequest) -> s.ExecuteRequest:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _execute_request(m)
    except _REFUSED as error:
        raise refuse_read("ExecuteRequest", error) from error


def _fill_execute_request(m: Any, x: s.ExecuteRequest) -> None:
    if x.attach is not None:
        part = m.attach
        part.SetInParent()
        _fill_attach(part, x.attach)
    if x.results:
        add = m.results.add
        for each in as_list(x.results):
            _fill_item_result(add(), each)
    if x.leaving:
        m.leaving = x.leaving


def _execute_request(m: backend_pb2.ExecuteRequest) -> s.ExecuteRequest:
    return s.ExecuteRequest(
        attach=_attach(m.attach) if m.HasField("attach") else None,
        results=[_item_result(each) for each in m.results],
        leaving=m.leaving,
    )


def execute_item_to_pb(struct: s.ExecuteItem) -> backend_pb2.ExecuteItem:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = backend_pb2.ExecuteItem()
    try:
        _fill_execute_item(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def execute_item_from_pb(m: backend_pb2.ExecuteItem) -> s.ExecuteItem:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _execute_item(m)
    except _REFUSED as error:
        raise refuse_read("ExecuteItem", error) from error


def _fill_execute_item(m: Any, x: s.ExecuteItem) -> None:
    if x.request_id:
        m.request_id = x.request_id
    if x.epoch:
        m.epoch = x.epoch
    if x.operation is not None:
        part = m.operation
        part.SetInParent()
        _fill_operation(part, x.operation)
    if x.traceparent:
        m.traceparent = x.traceparent
    if x.deadline is not None:
        fill_time(m.deadline, x.deadline)
    if x.attempt:
        m.attempt = x.attempt
    if x.effect_key:
        m.effect_key = x.effect_key
    if x.labels:
        m.labels.update(x.labels)


def _execute_item(m: backend_pb2.ExecuteItem) -> s.ExecuteItem:
    return s.ExecuteItem(
        request_id=m.request_id,
        epoch=m.epoch,
        operation=_operation(m.operation) if m.HasField("operation") else None,
        traceparent=m.traceparent,
        deadline=time_from(m.deadline) if m.HasField("deadline") else None,
        attempt=m.attempt,
        effect_key=m.effect_key,
        labels=dict(labels) if (labels := m.labels) else {},
    )


def execute_batch_to_pb(struct: s.ExecuteBatch) -> backend_pb2.ExecuteBatch:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = backend_pb2.ExecuteBatch()
    try:
        _fill_execute_batch(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def execute_batch_from_pb(m: backend_pb2.ExecuteBatch) -> s.ExecuteBatch:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _execute_batch(m)
    except _REFUSED as error:
        raise refuse_read("ExecuteBatch", error) from error


def _fill_execute_batch(m: Any, x: s.ExecuteBatch) -> None:
    if x.items:
        add = m.items.add
        for each in as_list(x.items):
            _fill_execute_item(add(), each)
    if x.lease_s:
        m.lease_s = x.lease_s


def _execute_batch(m: backend_pb2.ExecuteBatch) -> s.ExecuteBatch:
    return s.ExecuteBatch(
        items=[_execute_item(each) for each in m.items],
        lease_s=m.lease_s,
    )


def execute_response_to_pb(struct: s.ExecuteResponse) -> backend_pb2.ExecuteResponse:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = backend_pb2.ExecuteResponse()
    try:
        _fill_execute_response(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def execute_response_from_pb(m: backend_pb2.ExecuteResponse) -> s.ExecuteResponse:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _execute_response(m)
    except _REFUSED as error:
        raise refuse_read("ExecuteResponse", error) from error


def _fill_execute_response(m: Any, x: s.ExecuteResponse) -> None:
    members = 0
    if x.attached is not None:
        part = m.attached
        part.SetInParent()
        _fill_attached_backend(part, x.attached)
        members += 1
    if x.batch is not None:
        part = m.batch
        part.SetInParent()
        _fill_execute_batch(part, x.batch)
        members += 1
    if x.go_away is not None:
        part = m.go_away
        part.SetInParent()
        _fill_execute_go_away(part, x.go_away)
        members += 1
    if members > 1:
        two_members("kind")


def _execute_response(m: backend_pb2.ExecuteResponse) -> s.ExecuteResponse:
    kind = m.WhichOneof("kind")
    if kind == "attached":
        return s.ExecuteResponse(attached=_attached_backend(m.attached))
    if kind == "batch":
        return s.ExecuteResponse(batch=_execute_batch(m.batch))
    if kind == "go_away":
        return s.ExecuteResponse(go_away=_execute_go_away(m.go_away))
    return s.ExecuteResponse()


def attached_backend_to_pb(struct: s.AttachedBackend) -> backend_pb2.AttachedBackend:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = backend_pb2.AttachedBackend()
    try:
        _fill_attached_backend(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def attached_backend_from_pb(m: backend_pb2.AttachedBackend) -> s.AttachedBackend:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _attached_backend(m)
    except _REFUSED as error:
        raise refuse_read("AttachedBackend", error) from error


def _fill_attached_backend(m: Any, x: s.AttachedBackend) -> None:
    if x.backend is not None:
        part = m.backend
        part.SetInParent()
        _fill_backend(part, x.backend)


def _attached_backend(m: backend_pb2.AttachedBackend) -> s.AttachedBackend:
    return s.AttachedBackend(
        backend=_backend(m.backend) if m.HasField("backend") else None,
    )


def execute_go_away_to_pb(struct: s.ExecuteGoAway) -> backend_pb2.ExecuteGoAway:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = backend_pb2.ExecuteGoAway()
    try:
        _fill_execute_go_away(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def execute_go_away_from_pb(m: backend_pb2.ExecuteGoAway) -> s.ExecuteGoAway:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _execute_go_away(m)
    except _REFUSED as error:
        raise refuse_read("ExecuteGoAway", error) from error


def _fill_execute_go_away(m: Any, x: s.ExecuteGoAway) -> None:
    if x.error is not None:
        part = m.error
        part.SetInParent()
        _fill_error(part, x.error)


def _execute_go_away(m: backend_pb2.ExecuteGoAway) -> s.ExecuteGoAway:
    return s.ExecuteGoAway(
        error=_error(m.error) if m.HasField("error") else None,
    )


def submit_request_to_pb(struct: s.SubmitRequest) -> bridge_pb2.SubmitRequest:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = bridge_pb2.SubmitRequest()
    try:
        _fill_submit_request(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def submit_request_from_pb(m: bridge_pb2.SubmitRequest) -> s.SubmitRequest:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _submit_request(m)
    except _REFUSED as error:
        raise refuse_read("SubmitRequest", error) from error


def _fill_submit_request(m: Any, x: s.SubmitRequest) -> None:
    if x.request is not None:
        part = m.request
        part.SetInParent()
        _fill_internal_request(part, x.request)


def _submit_request(m: bridge_pb2.SubmitRequest) -> s.SubmitRequest:
    return s.SubmitRequest(
        request=_internal_request(m.request) if m.HasField("request") else None,
    )


def submit_response_to_pb(struct: s.SubmitResponse) -> bridge_pb2.SubmitResponse:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = bridge_pb2.SubmitResponse()
    try:
        _fill_submit_response(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def submit_response_from_pb(m: bridge_pb2.SubmitResponse) -> s.SubmitResponse:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _submit_response(m)
    except _REFUSED as error:
        raise refuse_read("SubmitResponse", error) from error


def _fill_submit_response(m: Any, x: s.SubmitResponse) -> None:
    if x.accepted is not None:
        part = m.accepted
        part.SetInParent()
        _fill_accepted(part, x.accepted)


def _submit_response(m: bridge_pb2.SubmitResponse) -> s.SubmitResponse:
    return s.SubmitResponse(
        accepted=_accepted(m.accepted) if m.HasField("accepted") else None,
    )


def call_request_to_pb(struct: s.CallRequest) -> bridge_pb2.CallRequest:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = bridge_pb2.CallRequest()
    try:
        _fill_call_request(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def call_request_from_pb(m: bridge_pb2.CallRequest) -> s.CallRequest:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _call_request(m)
    except _REFUSED as error:
        raise refuse_read("CallRequest", error) from error


def _fill_call_request(m: Any, x: s.CallRequest) -> None:
    if x.request is not None:
        part = m.request
        part.SetInParent()
        _fill_internal_request(part, x.request)


def _call_request(m: bridge_pb2.CallRequest) -> s.CallRequest:
    return s.CallRequest(
        request=_internal_request(m.request) if m.HasField("request") else None,
    )


def call_response_to_pb(struct: s.CallResponse) -> bridge_pb2.CallResponse:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = bridge_pb2.CallResponse()
    try:
        _fill_call_response(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def call_response_from_pb(m: bridge_pb2.CallResponse) -> s.CallResponse:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _call_response(m)
    except _REFUSED as error:
        raise refuse_read("CallResponse", error) from error


def _fill_call_response(m: Any, x: s.CallResponse) -> None:
    if x.result is not None:
        part = m.result
        part.SetInParent()
        _fill_result(part, x.result)


def _call_response(m: bridge_pb2.CallResponse) -> s.CallResponse:
    return s.CallResponse(
        result=_result(m.result) if m.HasField("result") else None,
    )


def session_request_to_pb(struct: s.SessionRequest) -> bridge_pb2.SessionRequest:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = bridge_pb2.SessionRequest()
    try:
        _fill_session_request(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def session_request_from_pb(m: bridge_pb2.SessionRequest) -> s.SessionRequest:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _session_request(m)
    except _REFUSED as error:
        raise refuse_read("SessionRequest", error) from error


def _fill_session_request(m: Any, x: s.SessionRequest) -> None:
    if x.submits:
        add = m.submits.add
        for each in as_list(x.submits):
            _fill_internal_request(add(), each)
    if x.cancels:
        m.cancels.extend(as_list(x.cancels))


def _session_request(m: bridge_pb2.SessionRequest) -> s.SessionRequest:
    return s.SessionRequest(
        submits=[_internal_request(each) for each in m.submits],
        cancels=m.cancels[:],
    )


def credit_to_pb(struct: s.Credit) -> bridge_pb2.Credit:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = bridge_pb2.Credit()
    try:
        _fill_credit(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def credit_from_pb(m: bridge_pb2.Credit) -> s.Credit:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _credit(m)
    except _REFUSED as error:
        raise refuse_read("Credit", error) from error


def _fill_credit(m: Any, x: s.Credit) -> None:
    if x.items:
        m.items = x.items
    if x.bytes:
        m.bytes = x.bytes


def _credit(m: bridge_pb2.Credit) -> s.Credit:
    return s.Credit(
        items=m.items,
        bytes=m.bytes,
    )


def go_away_to_pb(struct: s.GoAway) -> bridge_pb2.GoAway:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = bridge_pb2.GoAway()
    try:
        _fill_go_away(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def go_away_from_pb(m: bridge_pb2.GoAway) -> s.GoAway:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _go_away(m)
    except _REFUSED as error:
        raise refuse_read("GoAway", error) from error


def _fill_go_away(m: Any, x: s.GoAway) -> None:
    if x.error is not None:
        part = m.error
        part.SetInParent()
        _fill_error(part, x.error)


def _go_away(m: bridge_pb2.GoAway) -> s.GoAway:
    return s.GoAway(
        error=_error(m.error) if m.HasField("error") else None,
    )


def session_response_to_pb(struct: s.SessionResponse) -> bridge_pb2.SessionResponse:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = bridge_pb2.SessionResponse()
    try:
        _fill_session_response(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def session_response_from_pb(m: bridge_pb2.SessionResponse) -> s.SessionResponse:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _session_response(m)
    except _REFUSED as error:
        raise refuse_read("SessionResponse", error) from error


def _fill_session_response(m: Any, x: s.SessionResponse) -> None:
    if x.accepted:
        add = m.accepted.add
        for each in as_list(x.accepted):
            _fill_accepted(add(), each)
    if x.results:
        add = m.results.add
        for each in as_list(x.results):
            _fill_result(add(), each)
    if x.credit is not None:
        part = m.credit
        part.SetInParent()
        _fill_credit(part, x.credit)
    if x.go_away is not None:
        part = m.go_away
        part.SetInParent()
        _fill_go_away(part, x.go_away)


def _session_response(m: bridge_pb2.SessionResponse) -> s.SessionResponse:
    return s.SessionResponse(
        accepted=[_accepted(each) for each in m.accepted],
        results=[_result(each) for each in m.results],
        credit=_credit(m.credit) if m.HasField("credit") else None,
        go_away=_go_away(m.go_away) if m.HasField("go_away") else None,
    )


def get_request_to_pb(struct: s.GetRequest) -> bridge_pb2.GetRequest:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = bridge_pb2.GetRequest()
    try:
        _fill_get_request(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def get_request_from_pb(m: bridge_pb2.GetRequest) -> s.GetRequest:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _get_request(m)
    except _REFUSED as error:
        raise refuse_read("GetRequest", error) from error


def _fill_get_request(m: Any, x: s.GetRequest) -> None:
    if x.request_id:
        m.request_id = x.request_id
    if x.wait_s:
        m.wait_s = x.wait_s


def _get_request(m: bridge_pb2.GetRequest) -> s.GetRequest:
    return s.GetRequest(
        request_id=m.request_id,
        wait_s=m.wait_s,
    )


def get_response_to_pb(struct: s.GetResponse) -> bridge_pb2.GetResponse:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = bridge_pb2.GetResponse()
    try:
        _fill_get_response(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def get_response_from_pb(m: bridge_pb2.GetResponse) -> s.GetResponse:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _get_response(m)
    except _REFUSED as error:
        raise refuse_read("GetResponse", error) from error


def _fill_get_response(m: Any, x: s.GetResponse) -> None:
    if x.record is not None:
        part = m.record
        part.SetInParent()
        _fill_request_record(part, x.record)


def _get_response(m: bridge_pb2.GetResponse) -> s.GetResponse:
    return s.GetResponse(
        record=_request_record(m.record) if m.HasField("record") else None,
    )


def watch_request_to_pb(struct: s.WatchRequest) -> bridge_pb2.WatchRequest:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = bridge_pb2.WatchRequest()
    try:
        _fill_watch_request(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def watch_request_from_pb(m: bridge_pb2.WatchRequest) -> s.WatchRequest:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _watch_request(m)
    except _REFUSED as error:
        raise refuse_read("WatchRequest", error) from error


def _fill_watch_request(m: Any, x: s.WatchRequest) -> None:
    if x.request_id:
        m.request_id = x.request_id
    if x.after_sequence:
        m.after_sequence = x.after_sequence


def _watch_request(m: bridge_pb2.WatchRequest) -> s.WatchRequest:
    return s.WatchRequest(
        request_id=m.request_id,
        after_sequence=m.after_sequence,
    )


def watch_response_to_pb(struct: s.WatchResponse) -> bridge_pb2.WatchResponse:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = bridge_pb2.WatchResponse()
    try:
        _fill_watch_response(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def watch_response_from_pb(m: bridge_pb2.WatchResponse) -> s.WatchResponse:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _watch_response(m)
    except _REFUSED as error:
        raise refuse_read("WatchResponse", error) from error


def _fill_watch_response(m: Any, x: s.WatchResponse) -> None:
    if x.event is not None:
        part = m.event
        part.SetInParent()
        _fill_request_event(part, x.event)


def _watch_response(m: bridge_pb2.WatchResponse) -> s.WatchResponse:
    return s.WatchResponse(
        event=_request_event(m.event) if m.HasField("event") else None,
    )


def list_request_to_pb(struct: s.ListRequest) -> bridge_pb2.ListRequest:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = bridge_pb2.ListRequest()
    try:
        _fill_list_request(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def list_request_from_pb(m: bridge_pb2.ListRequest) -> s.ListRequest:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _list_request(m)
    except _REFUSED as error:
        raise refuse_read("ListRequest", error) from error


def _fill_list_request(m: Any, x: s.ListRequest) -> None:
    if x.backend:
        m.backend = x.backend
    if x.state is not s.RequestState.UNSPECIFIED:
        m.state = x.state.number
    if x.page_size:
        m.page_size = x.page_size
    if x.page_token:
        m.page_token = x.page_token


def _list_request(m: bridge_pb2.ListRequest) -> s.ListRequest:
    return s.ListRequest(
        backend=m.backend,
        state=_REQUESTSTATE[m.state],
        page_size=m.page_size,
        page_token=m.page_token,
    )


def list_response_to_pb(struct: s.ListResponse) -> bridge_pb2.ListResponse:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = bridge_pb2.ListResponse()
    try:
        _fill_list_response(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def list_response_from_pb(m: bridge_pb2.ListResponse) -> s.ListResponse:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _list_response(m)
    except _REFUSED as error:
        raise refuse_read("ListResponse", error) from error


def _fill_list_response(m: Any, x: s.ListResponse) -> None:
    if x.records:
        add = m.records.add
        for each in as_list(x.records):
            _fill_request_record(add(), each)
    if x.next_page_token:
        m.next_page_token = x.next_page_token


def _list_response(m: bridge_pb2.ListResponse) -> s.ListResponse:
    return s.ListResponse(
        records=[_request_record(each) for each in m.records],
        next_page_token=m.next_page_token,
    )


def cancel_request_to_pb(struct: s.CancelRequest) -> bridge_pb2.CancelRequest:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = bridge_pb2.CancelRequest()
    try:
        _fill_cancel_request(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def cancel_request_from_pb(m: bridge_pb2.CancelRequest) -> s.CancelRequest:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _cancel_request(m)
    except _REFUSED as error:
        raise refuse_read("CancelRequest", error) from error


def _fill_cancel_request(m: Any, x: s.CancelRequest) -> None:
    if x.request_id:
        m.request_id = x.request_id


def _cancel_request(m: bridge_pb2.CancelRequest) -> s.CancelRequest:
    return s.CancelRequest(
        request_id=m.request_id,
    )


def cancel_response_to_pb(struct: s.CancelResponse) -> bridge_pb2.CancelResponse:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = bridge_pb2.CancelResponse()
    try:
        _fill_cancel_response(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def cancel_response_from_pb(m: bridge_pb2.CancelResponse) -> s.CancelResponse:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _cancel_response(m)
    except _REFUSED as error:
        raise refuse_read("CancelResponse", error) from error


def _fill_cancel_response(m: Any, x: s.CancelResponse) -> None:
    if x.record is not None:
        part = m.record
        part.SetInParent()
        _fill_request_record(part, x.record)


def _cancel_response(m: bridge_pb2.CancelResponse) -> s.CancelResponse:
    return s.CancelResponse(
        record=_request_record(m.record) if m.HasField("record") else None,
    )


def explain_request_to_pb(struct: s.ExplainRequest) -> bridge_pb2.ExplainRequest:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = bridge_pb2.ExplainRequest()
    try:
        _fill_explain_request(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def explain_request_from_pb(m: bridge_pb2.ExplainRequest) -> s.ExplainRequest:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _explain_request(m)
    except _REFUSED as error:
        raise refuse_read("ExplainRequest", error) from error


def _fill_explain_request(m: Any, x: s.ExplainRequest) -> None:
    if x.request_id:
        m.request_id = x.request_id


def _explain_request(m: bridge_pb2.ExplainRequest) -> s.ExplainRequest:
    return s.ExplainRequest(
        request_id=m.request_id,
    )


def stage_time_to_pb(struct: s.StageTime) -> bridge_pb2.StageTime:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = bridge_pb2.StageTime()
    try:
        _fill_stage_time(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def stage_time_from_pb(m: bridge_pb2.StageTime) -> s.StageTime:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _stage_time(m)
    except _REFUSED as error:
        raise refuse_read("StageTime", error) from error


def _fill_stage_time(m: Any, x: s.StageTime) -> None:
    if x.stage:
        m.stage = x.stage
    if x.started_at is not None:
        fill_time(m.started_at, x.started_at)
    if x.duration_us:
        m.duration_us = x.duration_us


def _stage_time(m: bridge_pb2.StageTime) -> s.StageTime:
    return s.StageTime(
        stage=m.stage,
        started_at=time_from(m.started_at) if m.HasField("started_at") else None,
        duration_us=m.duration_us,
    )


def explain_response_to_pb(struct: s.ExplainResponse) -> bridge_pb2.ExplainResponse:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = bridge_pb2.ExplainResponse()
    try:
        _fill_explain_response(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def explain_response_from_pb(m: bridge_pb2.ExplainResponse) -> s.ExplainResponse:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _explain_response(m)
    except _REFUSED as error:
        raise refuse_read("ExplainResponse", error) from error


def _fill_explain_response(m: Any, x: s.ExplainResponse) -> None:
    if x.request_id:
        m.request_id = x.request_id
    if x.state is not s.RequestState.UNSPECIFIED:
        m.state = x.state.number
    if x.reason is not s.WaitReason.UNSPECIFIED:
        m.reason = x.reason.number
    if x.sentence:
        m.sentence = x.sentence
    if x.lane:
        m.lane = x.lane
    if x.ahead:
        m.ahead = x.ahead
    if x.depth:
        m.depth = x.depth
    if x.durability is not s.Durability.UNSPECIFIED:
        m.durability = x.durability.number
    if x.lost_by:
        m.lost_by = x.lost_by
    if x.batch_size:
        m.batch_size = x.batch_size
    if x.dispatch_reason:
        m.dispatch_reason = x.dispatch_reason
    if x.transport:
        m.transport = x.transport
    if x.stages:
        add = m.stages.add
        for each in as_list(x.stages):
            _fill_stage_time(add(), each)


def _explain_response(m: bridge_pb2.ExplainResponse) -> s.ExplainResponse:
    return s.ExplainResponse(
        request_id=m.request_id,
        state=_REQUESTSTATE[m.state],
        reason=_WAITREASON[m.reason],
        sentence=m.sentence,
        lane=m.lane,
        ahead=m.ahead,
        depth=m.depth,
        durability=_DURABILITY[m.durability],
        lost_by=m.lost_by,
        batch_size=m.batch_size,
        dispatch_reason=m.dispatch_reason,
        transport=m.transport,
        stages=[_stage_time(each) for each in m.stages],
    )


def get_capabilities_request_to_pb(struct: s.GetCapabilitiesRequest) -> platform_pb2.GetCapabilitiesRequest:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = platform_pb2.GetCapabilitiesRequest()
    try:
        _fill_get_capabilities_request(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def get_capabilities_request_from_pb(m: platform_pb2.GetCapabilitiesRequest) -> s.GetCapabilitiesRequest:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _get_capabilities_request(m)
    except _REFUSED as error:
        raise refuse_read("GetCapabilitiesRequest", error) from error


def _fill_get_capabilities_request(m: Any, x: s.GetCapabilitiesRequest) -> None:
    pass


def _get_capabilities_request(m: platform_pb2.GetCapabilitiesRequest) -> s.GetCapabilitiesRequest:
    return s.GetCapabilitiesRequest()


def limits_to_pb(struct: s.Limits) -> platform_pb2.Limits:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = platform_pb2.Limits()
    try:
        _fill_limits(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def limits_from_pb(m: platform_pb2.Limits) -> s.Limits:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _limits(m)
    except _REFUSED as error:
        raise refuse_read("Limits", error) from error


def _fill_limits(m: Any, x: s.Limits) -> None:
    if x.message_bytes_max:
        m.message_bytes_max = x.message_bytes_max
    if x.frame_items_max:
        m.frame_items_max = x.frame_items_max
    if x.session_items_max:
        m.session_items_max = x.session_items_max
    if x.lane_items_max:
        m.lane_items_max = x.lane_items_max
    if x.batch_items_max:
        m.batch_items_max = x.batch_items_max
    if x.top_k_max:
        m.top_k_max = x.top_k_max
    if x.timeout_s_default:
        m.timeout_s_default = x.timeout_s_default
    if x.result_ttl_s:
        m.result_ttl_s = x.result_ttl_s


def _limits(m: platform_pb2.Limits) -> s.Limits:
    return s.Limits(
        message_bytes_max=m.message_bytes_max,
        frame_items_max=m.frame_items_max,
        session_items_max=m.session_items_max,
        lane_items_max=m.lane_items_max,
        batch_items_max=m.batch_items_max,
        top_k_max=m.top_k_max,
        timeout_s_default=m.timeout_s_default,
        result_ttl_s=m.result_ttl_s,
    )


def capabilities_to_pb(struct: s.Capabilities) -> platform_pb2.Capabilities:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = platform_pb2.Capabilities()
    try:
        _fill_capabilities(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def capabilities_from_pb(m: platform_pb2.Capabilities) -> s.Capabilities:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _capabilities(m)
    except _REFUSED as error:
        raise refuse_read("Capabilities", error) from error


def _fill_capabilities(m: Any, x: s.Capabilities) -> None:
    if x.contract_version:
        m.contract_version = x.contract_version
    if x.product:
        m.product = x.product
    if x.profiles:
        m.profiles.extend(as_list(x.profiles))
    if x.transports:
        m.transports.extend(as_list(x.transports))
    if x.durabilities:
        m.durabilities.extend([each.number for each in as_list(x.durabilities)])
    if x.limits is not None:
        part = m.limits
        part.SetInParent()
        _fill_limits(part, x.limits)
    if x.authentication:
        m.authentication = x.authentication
    if x.faults:
        m.faults.extend(as_list(x.faults))


def _capabilities(m: platform_pb2.Capabilities) -> s.Capabilities:
    return s.Capabilities(
        contract_version=m.contract_version,
        product=m.product,
        profiles=m.profiles[:],
        transports=m.transports[:],
        durabilities=[_DURABILITY[each] for each in m.durabilities],
        limits=_limits(m.limits) if m.HasField("limits") else None,
        authentication=m.authentication,
        faults=m.faults[:],
    )


def get_capabilities_response_to_pb(
    struct: s.GetCapabilitiesResponse,
) -> platform_pb2.GetCapabilitiesResponse:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = platform_pb2.GetCapabilitiesResponse()
    try:
        _fill_get_capabilities_response(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def get_capabilities_response_from_pb(m: platform_pb2.GetCapabilitiesResponse) -> s.GetCapabilitiesResponse:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _get_capabilities_response(m)
    except _REFUSED as error:
        raise refuse_read("GetCapabilitiesResponse", error) from error


def _fill_get_capabilities_response(m: Any, x: s.GetCapabilitiesResponse) -> None:
    if x.capabilities is not None:
        part = m.capabilities
        part.SetInParent()
        _fill_capabilities(part, x.capabilities)


def _get_capabilities_response(m: platform_pb2.GetCapabilitiesResponse) -> s.GetCapabilitiesResponse:
    return s.GetCapabilitiesResponse(
        capabilities=_capabilities(m.capabilities) if m.HasField("capabilities") else None,
    )


def get_health_request_to_pb(struct: s.GetHealthRequest) -> platform_pb2.GetHealthRequest:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = platform_pb2.GetHealthRequest()
    try:
        _fill_get_health_request(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def get_health_request_from_pb(m: platform_pb2.GetHealthRequest) -> s.GetHealthRequest:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _get_health_request(m)
    except _REFUSED as error:
        raise refuse_read("GetHealthRequest", error) from error


def _fill_get_health_request(m: Any, x: s.GetHealthRequest) -> None:
    pass


def _get_health_request(m: platform_pb2.GetHealthRequest) -> s.GetHealthRequest:
    return s.GetHealthRequest()


def dependency_to_pb(struct: s.Dependency) -> platform_pb2.Dependency:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = platform_pb2.Dependency()
    try:
        _fill_dependency(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def dependency_from_pb(m: platform_pb2.Dependency) -> s.Dependency:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _dependency(m)
    except _REFUSED as error:
        raise refuse_read("Dependency", error) from error


def _fill_dependency(m: Any, x: s.Dependency) -> None:
    if x.name:
        m.name = x.name
    if x.state is not s.HealthState.UNSPECIFIED:
        m.state = x.state.number
    if x.detail:
        m.detail = x.detail


def _dependency(m: platform_pb2.Dependency) -> s.Dependency:
    return s.Dependency(
        name=m.name,
        state=_HEALTHSTATE[m.state],
        detail=m.detail,
    )


def health_to_pb(struct: s.Health) -> platform_pb2.Health:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = platform_pb2.Health()
    try:
        _fill_health(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def health_from_pb(m: platform_pb2.Health) -> s.Health:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _health(m)
    except _REFUSED as error:
        raise refuse_read("Health", error) from error


def _fill_health(m: Any, x: s.Health) -> None:
    if x.state is not s.HealthState.UNSPECIFIED:
        m.state = x.state.number
    if x.dependencies:
        add = m.dependencies.add
        for each in as_list(x.dependencies):
            _fill_dependency(add(), each)
    if x.uptime_s:
        m.uptime_s = x.uptime_s


def _health(m: platform_pb2.Health) -> s.Health:
    return s.Health(
        state=_HEALTHSTATE[m.state],
        dependencies=[_dependency(each) for each in m.dependencies],
        uptime_s=m.uptime_s,
    )


def get_health_response_to_pb(struct: s.GetHealthResponse) -> platform_pb2.GetHealthResponse:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = platform_pb2.GetHealthResponse()
    try:
        _fill_get_health_response(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def get_health_response_from_pb(m: platform_pb2.GetHealthResponse) -> s.GetHealthResponse:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _get_health_response(m)
    except _REFUSED as error:
        raise refuse_read("GetHealthResponse", error) from error


def _fill_get_health_response(m: Any, x: s.GetHealthResponse) -> None:
    if x.health is not None:
        part = m.health
        part.SetInParent()
        _fill_health(part, x.health)


def _get_health_response(m: platform_pb2.GetHealthResponse) -> s.GetHealthResponse:
    return s.GetHealthResponse(
        health=_health(m.health) if m.HasField("health") else None,
    )


def api_key_to_pb(struct: s.ApiKey) -> platform_pb2.ApiKey:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = platform_pb2.ApiKey()
    try:
        _fill_api_key(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def api_key_from_pb(m: platform_pb2.ApiKey) -> s.ApiKey:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _api_key(m)
    except _REFUSED as error:
        raise refuse_read("ApiKey", error) from error


def _fill_api_key(m: Any, x: s.ApiKey) -> None:
    if x.key_id:
        m.key_id = x.key_id
    if x.name:
        m.name = x.name
    if x.tenant:
        m.tenant = x.tenant
    if x.scopes:
        m.scopes.extend(as_list(x.scopes))
    if x.created_at is not None:
        fill_time(m.created_at, x.created_at)
    if x.expires_at is not None:
        fill_time(m.expires_at, x.expires_at)
    if x.revoked:
        m.revoked = x.revoked


def _api_key(m: platform_pb2.ApiKey) -> s.ApiKey:
    return s.ApiKey(
        key_id=m.key_id,
        name=m.name,
        tenant=m.tenant,
        scopes=m.scopes[:],
        created_at=time_from(m.created_at) if m.HasField("created_at") else None,
        expires_at=time_from(m.expires_at) if m.HasField("expires_at") else None,
        revoked=m.revoked,
    )


def create_key_request_to_pb(struct: s.CreateKeyRequest) -> platform_pb2.CreateKeyRequest:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = platform_pb2.CreateKeyRequest()
    try:
        _fill_create_key_request(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def create_key_request_from_pb(m: platform_pb2.CreateKeyRequest) -> s.CreateKeyRequest:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _create_key_request(m)
    except _REFUSED as error:
        raise refuse_read("CreateKeyRequest", error) from error


def _fill_create_key_request(m: Any, x: s.CreateKeyRequest) -> None:
    if x.name:
        m.name = x.name
    if x.tenant:
        m.tenant = x.tenant
    if x.scopes:
        m.scopes.extend(as_list(x.scopes))
    if x.ttl_s:
        m.ttl_s = x.ttl_s


def _create_key_request(m: platform_pb2.CreateKeyRequest) -> s.CreateKeyRequest:
    return s.CreateKeyRequest(
        name=m.name,
        tenant=m.tenant,
        scopes=m.scopes[:],
        ttl_s=m.ttl_s,
    )


def create_key_response_to_pb(struct: s.CreateKeyResponse) -> platform_pb2.CreateKeyResponse:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = platform_pb2.CreateKeyResponse()
    try:
        _fill_create_key_response(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def create_key_response_from_pb(m: platform_pb2.CreateKeyResponse) -> s.CreateKeyResponse:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _create_key_response(m)
    except _REFUSED as error:
        raise refuse_read("CreateKeyResponse", error) from error


def _fill_create_key_response(m: Any, x: s.CreateKeyResponse) -> None:
    if x.key is not None:
        part = m.key
        part.SetInParent()
        _fill_api_key(part, x.key)
    if x.secret:
        m.secret = x.secret


def _create_key_response(m: platform_pb2.CreateKeyResponse) -> s.CreateKeyResponse:
    return s.CreateKeyResponse(
        key=_api_key(m.key) if m.HasField("key") else None,
        secret=m.secret,
    )


def list_keys_request_to_pb(struct: s.ListKeysRequest) -> platform_pb2.ListKeysRequest:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = platform_pb2.ListKeysRequest()
    try:
        _fill_list_keys_request(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def list_keys_request_from_pb(m: platform_pb2.ListKeysRequest) -> s.ListKeysRequest:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _list_keys_request(m)
    except _REFUSED as error:
        raise refuse_read("ListKeysRequest", error) from error


def _fill_list_keys_request(m: Any, x: s.ListKeysRequest) -> None:
    if x.page_size:
        m.page_size = x.page_size
    if x.page_token:
        m.page_token = x.page_token


def _list_keys_request(m: platform_pb2.ListKeysRequest) -> s.ListKeysRequest:
    return s.ListKeysRequest(
        page_size=m.page_size,
        page_token=m.page_token,
    )


def list_keys_response_to_pb(struct: s.ListKeysResponse) -> platform_pb2.ListKeysResponse:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = platform_pb2.ListKeysResponse()
    try:
        _fill_list_keys_response(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def list_keys_response_from_pb(m: platform_pb2.ListKeysResponse) -> s.ListKeysResponse:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _list_keys_response(m)
    except _REFUSED as error:
        raise refuse_read("ListKeysResponse", error) from error


def _fill_list_keys_response(m: Any, x: s.ListKeysResponse) -> None:
    if x.keys:
        add = m.keys.add
        for each in as_list(x.keys):
            _fill_api_key(add(), each)
    if x.next_page_token:
        m.next_page_token = x.next_page_token


def _list_keys_response(m: platform_pb2.ListKeysResponse) -> s.ListKeysResponse:
    return s.ListKeysResponse(
        keys=[_api_key(each) for each in m.keys],
        next_page_token=m.next_page_token,
    )


def revoke_key_request_to_pb(struct: s.RevokeKeyRequest) -> platform_pb2.RevokeKeyRequest:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = platform_pb2.RevokeKeyRequest()
    try:
        _fill_revoke_key_request(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def revoke_key_request_from_pb(m: platform_pb2.RevokeKeyRequest) -> s.RevokeKeyRequest:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _revoke_key_request(m)
    except _REFUSED as error:
        raise refuse_read("RevokeKeyRequest", error) from error


def _fill_revoke_key_request(m: Any, x: s.RevokeKeyRequest) -> None:
    if x.key_id:
        m.key_id = x.key_id


def _revoke_key_request(m: platform_pb2.RevokeKeyRequest) -> s.RevokeKeyRequest:
    return s.RevokeKeyRequest(
        key_id=m.key_id,
    )


def revoke_key_response_to_pb(struct: s.RevokeKeyResponse) -> platform_pb2.RevokeKeyResponse:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = platform_pb2.RevokeKeyResponse()
    try:
        _fill_revoke_key_response(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def revoke_key_response_from_pb(m: platform_pb2.RevokeKeyResponse) -> s.RevokeKeyResponse:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _revoke_key_response(m)
    except _REFUSED as error:
        raise refuse_read("RevokeKeyResponse", error) from error


def _fill_revoke_key_response(m: Any, x: s.RevokeKeyResponse) -> None:
    pass


def _revoke_key_response(m: platform_pb2.RevokeKeyResponse) -> s.RevokeKeyResponse:
    return s.RevokeKeyResponse()


def quota_to_pb(struct: s.Quota) -> platform_pb2.Quota:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = platform_pb2.Quota()
    try:
        _fill_quota(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def quota_from_pb(m: platform_pb2.Quota) -> s.Quota:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _quota(m)
    except _REFUSED as error:
        raise refuse_read("Quota", error) from error


def _fill_quota(m: Any, x: s.Quota) -> None:
    if x.tenant:
        m.tenant = x.tenant
    if x.requests_per_s:
        m.requests_per_s = x.requests_per_s
    if x.burst:
        m.burst = x.burst
    if x.in_flight_max:
        m.in_flight_max = x.in_flight_max


def _quota(m: platform_pb2.Quota) -> s.Quota:
    return s.Quota(
        tenant=m.tenant,
        requests_per_s=m.requests_per_s,
        burst=m.burst,
        in_flight_max=m.in_flight_max,
    )


def get_quota_request_to_pb(struct: s.GetQuotaRequest) -> platform_pb2.GetQuotaRequest:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = platform_pb2.GetQuotaRequest()
    try:
        _fill_get_quota_request(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def get_quota_request_from_pb(m: platform_pb2.GetQuotaRequest) -> s.GetQuotaRequest:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _get_quota_request(m)
    except _REFUSED as error:
        raise refuse_read("GetQuotaRequest", error) from error


def _fill_get_quota_request(m: Any, x: s.GetQuotaRequest) -> None:
    if x.tenant:
        m.tenant = x.tenant


def _get_quota_request(m: platform_pb2.GetQuotaRequest) -> s.GetQuotaRequest:
    return s.GetQuotaRequest(
        tenant=m.tenant,
    )


def get_quota_response_to_pb(struct: s.GetQuotaResponse) -> platform_pb2.GetQuotaResponse:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = platform_pb2.GetQuotaResponse()
    try:
        _fill_get_quota_response(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def get_quota_response_from_pb(m: platform_pb2.GetQuotaResponse) -> s.GetQuotaResponse:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _get_quota_response(m)
    except _REFUSED as error:
        raise refuse_read("GetQuotaResponse", error) from error


def _fill_get_quota_response(m: Any, x: s.GetQuotaResponse) -> None:
    if x.quota is not None:
        part = m.quota
        part.SetInParent()
        _fill_quota(part, x.quota)


def _get_quota_response(m: platform_pb2.GetQuotaResponse) -> s.GetQuotaResponse:
    return s.GetQuotaResponse(
        quota=_quota(m.quota) if m.HasField("quota") else None,
    )


def set_quota_request_to_pb(struct: s.SetQuotaRequest) -> platform_pb2.SetQuotaRequest:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = platform_pb2.SetQuotaRequest()
    try:
        _fill_set_quota_request(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def set_quota_request_from_pb(m: platform_pb2.SetQuotaRequest) -> s.SetQuotaRequest:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _set_quota_request(m)
    except _REFUSED as error:
        raise refuse_read("SetQuotaRequest", error) from error


def _fill_set_quota_request(m: Any, x: s.SetQuotaRequest) -> None:
    if x.quota is not None:
        part = m.quota
        part.SetInParent()
        _fill_quota(part, x.quota)


def _set_quota_request(m: platform_pb2.SetQuotaRequest) -> s.SetQuotaRequest:
    return s.SetQuotaRequest(
        quota=_quota(m.quota) if m.HasField("quota") else None,
    )


def set_quota_response_to_pb(struct: s.SetQuotaResponse) -> platform_pb2.SetQuotaResponse:
    """The pb2 message of a struct. Raises BridgeError INVALID_ARGUMENT where a value does not fit."""
    m = platform_pb2.SetQuotaResponse()
    try:
        _fill_set_quota_response(m, struct)
    except _REFUSED as error:
        raise refuse_write(struct, error) from error
    return m


def set_quota_response_from_pb(m: platform_pb2.SetQuotaResponse) -> s.SetQuotaResponse:
    """The struct of a pb2 message. Raises BridgeError INVALID_ARGUMENT for what a struct cannot hold."""
    try:
        return _set_quota_response(m)
    except _REFUSED as error:
        raise refuse_read("SetQuotaResponse", error) from error


def _fill_set_quota_response(m: Any, x: s.SetQuotaResponse) -> None:
    if x.quota is not None:
        part = m.quota
        part.SetInParent()
        _fill_quota(part, x.quota)


def _set_quota_response(m: platform_pb2.SetQuotaResponse) -> s.SetQuotaResponse:
    return s.SetQuotaResponse(
        quota=_quota(m.quota) if m.HasField("quota") else None,
    )


TO_PB: dict[type, Callable[[Any], Any]] = {
    s.FieldViolation: field_violation_to_pb,
    s.Error: error_to_pb,
    s.FloatArray: float_array_to_pb,
    s.Vector: vector_to_pb,
    s.CreateCollection: create_collection_to_pb,
    s.DeleteCollection: delete_collection_to_pb,
    s.ListCollections: list_collections_to_pb,
    s.UpsertVectors: upsert_vectors_to_pb,
    s.Condition: condition_to_pb,
    s.FilterList: filter_list_to_pb,
    s.Filter: filter_to_pb,
    s.QueryVectors: query_vectors_to_pb,
    s.GetVectors: get_vectors_to_pb,
    s.DeleteVectors: delete_vectors_to_pb,
    s.CountVectors: count_vectors_to_pb,
    s.CollectionInfo: collection_info_to_pb,
    s.CollectionList: collection_list_to_pb,
    s.VectorMatches: vector_matches_to_pb,
    s.VectorRecords: vector_records_to_pb,
    s.VectorCount: vector_count_to_pb,
    s.Payload: payload_to_pb,
    s.Invoke: invoke_to_pb,
    s.Operation: operation_to_pb,
    s.Reply: reply_to_pb,
    s.RetryPolicy: retry_policy_to_pb,
    s.InternalRequest: internal_request_to_pb,
    s.Accepted: accepted_to_pb,
    s.Result: result_to_pb,
    s.RequestRecord: request_record_to_pb,
    s.RequestEvent: request_event_to_pb,
    s.BatchLimits: batch_limits_to_pb,
    s.OperationSpec: operation_spec_to_pb,
    s.Backend: backend_to_pb,
    s.RegisterRequest: register_request_to_pb,
    s.RegisterResponse: register_response_to_pb,
    s.GetBackendRequest: get_backend_request_to_pb,
    s.GetBackendResponse: get_backend_response_to_pb,
    s.ListBackendsRequest: list_backends_request_to_pb,
    s.ListBackendsResponse: list_backends_response_to_pb,
    s.UpdateBackendRequest: update_backend_request_to_pb,
    s.UpdateBackendResponse: update_backend_response_to_pb,
    s.DeleteBackendRequest: delete_backend_request_to_pb,
    s.DeleteBackendResponse: delete_backend_response_to_pb,
    s.ProbeRequest: probe_request_to_pb,
    s.ProbeResponse: probe_response_to_pb,
    s.Attach: attach_to_pb,
    s.ItemResult: item_result_to_pb,
    s.ExecuteRequest: execute_request_to_pb,
    s.ExecuteItem: execute_item_to_pb,
    s.ExecuteBatch: execute_batch_to_pb,
    s.ExecuteResponse: execute_response_to_pb,
    s.AttachedBackend: attached_backend_to_pb,
    s.ExecuteGoAway: execute_go_away_to_pb,
    s.SubmitRequest: submit_request_to_pb,
    s.SubmitResponse: submit_response_to_pb,
    s.CallRequest: call_request_to_pb,
    s.CallResponse: call_response_to_pb,
    s.SessionRequest: session_request_to_pb,
    s.Credit: credit_to_pb,
    s.GoAway: go_away_to_pb,
    s.SessionResponse: session_response_to_pb,
    s.GetRequest: get_request_to_pb,
    s.GetResponse: get_response_to_pb,
    s.WatchRequest: watch_request_to_pb,
    s.WatchResponse: watch_response_to_pb,
    s.ListRequest: list_request_to_pb,
    s.ListResponse: list_response_to_pb,
    s.CancelRequest: cancel_request_to_pb,
    s.CancelResponse: cancel_response_to_pb,
    s.ExplainRequest: explain_request_to_pb,
    s.StageTime: stage_time_to_pb,
    s.ExplainResponse: explain_response_to_pb,
    s.GetCapabilitiesRequest: get_capabilities_request_to_pb,
    s.Limits: limits_to_pb,
    s.Capabilities: capabilities_to_pb,
    s.GetCapabilitiesResponse: get_capabilities_response_to_pb,
    s.GetHealthRequest: get_health_request_to_pb,
    s.Dependency: dependency_to_pb,
    s.Health: health_to_pb,
    s.GetHealthResponse: get_health_response_to_pb,
    s.ApiKey: api_key_to_pb,
    s.CreateKeyRequest: create_key_request_to_pb,
    s.CreateKeyResponse: create_key_response_to_pb,
    s.ListKeysRequest: list_keys_request_to_pb,
    s.ListKeysResponse: list_keys_response_to_pb,
    s.RevokeKeyRequest: revoke_key_request_to_pb,
    s.RevokeKeyResponse: revoke_key_response_to_pb,
    s.Quota: quota_to_pb,
    s.GetQuotaRequest: get_quota_request_to_pb,
    s.GetQuotaResponse: get_quota_response_to_pb,
    s.SetQuotaRequest: set_quota_request_to_pb,
    s.SetQuotaResponse: set_quota_response_to_pb,
}

FROM_PB: dict[type, Callable[[Any], Any]] = {
    errors_pb2.FieldViolation: field_violation_from_pb,
    errors_pb2.Error: error_from_pb,
    vector_pb2.FloatArray: float_array_from_pb,
    vector_pb2.Vector: vector_from_pb,
    vector_pb2.CreateCollection: create_collection_from_pb,
    vector_pb2.DeleteCollection: delete_collection_from_pb,
    vector_pb2.ListCollections: list_collections_from_pb,
    vector_pb2.UpsertVectors: upsert_vectors_from_pb,
    vector_pb2.Condition: condition_from_pb,
    vector_pb2.FilterList: filter_list_from_pb,
    vector_pb2.Filter: filter_from_pb,
    vector_pb2.QueryVectors: query_vectors_from_pb,
    vector_pb2.GetVectors: get_vectors_from_pb,
    vector_pb2.DeleteVectors: delete_vectors_from_pb,
    vector_pb2.CountVectors: count_vectors_from_pb,
    vector_pb2.CollectionInfo: collection_info_from_pb,
    vector_pb2.CollectionList: collection_list_from_pb,
    vector_pb2.VectorMatches: vector_matches_from_pb,
    vector_pb2.VectorRecords: vector_records_from_pb,
    vector_pb2.VectorCount: vector_count_from_pb,
    request_pb2.Payload: payload_from_pb,
    request_pb2.Invoke: invoke_from_pb,
    request_pb2.Operation: operation_from_pb,
    request_pb2.Reply: reply_from_pb,
    request_pb2.RetryPolicy: retry_policy_from_pb,
    request_pb2.InternalRequest: internal_request_from_pb,
    request_pb2.Accepted: accepted_from_pb,
    request_pb2.Result: result_from_pb,
    request_pb2.RequestRecord: request_record_from_pb,
    request_pb2.RequestEvent: request_event_from_pb,
    backend_pb2.BatchLimits: batch_limits_from_pb,
    backend_pb2.OperationSpec: operation_spec_from_pb,
    backend_pb2.Backend: backend_from_pb,
    backend_pb2.RegisterRequest: register_request_from_pb,
    backend_pb2.RegisterResponse: register_response_from_pb,
    backend_pb2.GetBackendRequest: get_backend_request_from_pb,
    backend_pb2.GetBackendResponse: get_backend_response_from_pb,
    backend_pb2.ListBackendsRequest: list_backends_request_from_pb,
    backend_pb2.ListBackendsResponse: list_backends_response_from_pb,
    backend_pb2.UpdateBackendRequest: update_backend_request_from_pb,
    backend_pb2.UpdateBackendResponse: update_backend_response_from_pb,
    backend_pb2.DeleteBackendRequest: delete_backend_request_from_pb,
    backend_pb2.DeleteBackendResponse: delete_backend_response_from_pb,
    backend_pb2.ProbeRequest: probe_request_from_pb,
    backend_pb2.ProbeResponse: probe_response_from_pb,
    backend_pb2.Attach: attach_from_pb,
    backend_pb2.ItemResult: item_result_from_pb,
    backend_pb2.ExecuteRequest: execute_request_from_pb,
    backend_pb2.ExecuteItem: execute_item_from_pb,
    backend_pb2.ExecuteBatch: execute_batch_from_pb,
    backend_pb2.ExecuteResponse: execute_response_from_pb,
    backend_pb2.AttachedBackend: attached_backend_from_pb,
    backend_pb2.ExecuteGoAway: execute_go_away_from_pb,
    bridge_pb2.SubmitRequest: submit_request_from_pb,
    bridge_pb2.SubmitResponse: submit_response_from_pb,
    bridge_pb2.CallRequest: call_request_from_pb,
    bridge_pb2.CallResponse: call_response_from_pb,
    bridge_pb2.SessionRequest: session_request_from_pb,
    bridge_pb2.Credit: credit_from_pb,
    bridge_pb2.GoAway: go_away_from_pb,
    bridge_pb2.SessionResponse: session_response_from_pb,
    bridge_pb2.GetRequest: get_request_from_pb,
    bridge_pb2.GetResponse: get_response_from_pb,
    bridge_pb2.WatchRequest: watch_request_from_pb,
    bridge_pb2.WatchResponse: watch_response_from_pb,
    bridge_pb2.ListRequest: list_request_from_pb,
    bridge_pb2.ListResponse: list_response_from_pb,
    bridge_pb2.CancelRequest: cancel_request_from_pb,
    bridge_pb2.CancelResponse: cancel_response_from_pb,
    bridge_pb2.ExplainRequest: explain_request_from_pb,
    bridge_pb2.StageTime: stage_time_from_pb,
    bridge_pb2.ExplainResponse: explain_response_from_pb,
    platform_pb2.GetCapabilitiesRequest: get_capabilities_request_from_pb,
    platform_pb2.Limits: limits_from_pb,
    platform_pb2.Capabilities: capabilities_from_pb,
    platform_pb2.GetCapabilitiesResponse: get_capabilities_response_from_pb,
    platform_pb2.GetHealthRequest: get_health_request_from_pb,
    platform_pb2.Dependency: dependency_from_pb,
    platform_pb2.Health: health_from_pb,
    platform_pb2.GetHealthResponse: get_health_response_from_pb,
    platform_pb2.ApiKey: api_key_from_pb,
    platform_pb2.CreateKeyRequest: create_key_request_from_pb,
    platform_pb2.CreateKeyResponse: create_key_response_from_pb,
    platform_pb2.ListKeysRequest: list_keys_request_from_pb,
    platform_pb2.ListKeysResponse: list_keys_response_from_pb,
    platform_pb2.RevokeKeyRequest: revoke_key_request_from_pb,
    platform_pb2.RevokeKeyResponse: revoke_key_response_from_pb,
    platform_pb2.Quota: quota_from_pb,
    platform_pb2.GetQuotaRequest: get_quota_request_from_pb,
    platform_pb2.GetQuotaResponse: get_quota_response_from_pb,
    platform_pb2.SetQuotaRequest: set_quota_request_from_pb,
    platform_pb2.SetQuotaResponse: set_quota_response_from_pb,
}

PB: dict[type, Any] = {
    s.FieldViolation: errors_pb2.FieldViolation,
    s.Error: errors_pb2.Error,
    s.FloatArray: vector_pb2.FloatArray,
    s.Vector: vector_pb2.Vector,
    s.CreateCollection: vector_pb2.CreateCollection,
    s.DeleteCollection: vector_pb2.DeleteCollection,
    s.ListCollections: vector_pb2.ListCollections,
    s.UpsertVectors: vector_pb2.UpsertVectors,
    s.Condition: vector_pb2.Condition,
    s.FilterList: vector_pb2.FilterList,
    s.Filter: vector_pb2.Filter,
    s.QueryVectors: vector_pb2.QueryVectors,
    s.GetVectors: vector_pb2.GetVectors,
    s.DeleteVectors: vector_pb2.DeleteVectors,
    s.CountVectors: vector_pb2.CountVectors,
    s.CollectionInfo: vector_pb2.CollectionInfo,
    s.CollectionList: vector_pb2.CollectionList,
    s.VectorMatches: vector_pb2.VectorMatches,
    s.VectorRecords: vector_pb2.VectorRecords,
    s.VectorCount: vector_pb2.VectorCount,
    s.Payload: request_pb2.Payload,
    s.Invoke: request_pb2.Invoke,
    s.Operation: request_pb2.Operation,
    s.Reply: request_pb2.Reply,
    s.RetryPolicy: request_pb2.RetryPolicy,
    s.InternalRequest: request_pb2.InternalRequest,
    s.Accepted: request_pb2.Accepted,
    s.Result: request_pb2.Result,
    s.RequestRecord: request_pb2.RequestRecord,
    s.RequestEvent: request_pb2.RequestEvent,
    s.BatchLimits: backend_pb2.BatchLimits,
    s.OperationSpec: backend_pb2.OperationSpec,
    s.Backend: backend_pb2.Backend,
    s.RegisterRequest: backend_pb2.RegisterRequest,
    s.RegisterResponse: backend_pb2.RegisterResponse,
    s.GetBackendRequest: backend_pb2.GetBackendRequest,
    s.GetBackendResponse: backend_pb2.GetBackendResponse,
    s.ListBackendsRequest: backend_pb2.ListBackendsRequest,
    s.ListBackendsResponse: backend_pb2.ListBackendsResponse,
    s.UpdateBackendRequest: backend_pb2.UpdateBackendRequest,
    s.UpdateBackendResponse: backend_pb2.UpdateBackendResponse,
    s.DeleteBackendRequest: backend_pb2.DeleteBackendRequest,
    s.DeleteBackendResponse: backend_pb2.DeleteBackendResponse,
    s.ProbeRequest: backend_pb2.ProbeRequest,
    s.ProbeResponse: backend_pb2.ProbeResponse,
    s.Attach: backend_pb2.Attach,
    s.ItemResult: backend_pb2.ItemResult,
    s.ExecuteRequest: backend_pb2.ExecuteRequest,
    s.ExecuteItem: backend_pb2.ExecuteItem,
    s.ExecuteBatch: backend_pb2.ExecuteBatch,
    s.ExecuteResponse: backend_pb2.ExecuteResponse,
    s.AttachedBackend: backend_pb2.AttachedBackend,
    s.ExecuteGoAway: backend_pb2.ExecuteGoAway,
    s.SubmitRequest: bridge_pb2.SubmitRequest,
    s.SubmitResponse: bridge_pb2.SubmitResponse,
    s.CallRequest: bridge_pb2.CallRequest,
    s.CallResponse: bridge_pb2.CallResponse,
    s.SessionRequest: bridge_pb2.SessionRequest,
    s.Credit: bridge_pb2.Credit,
    s.GoAway: bridge_pb2.GoAway,
    s.SessionResponse: bridge_pb2.SessionResponse,
    s.GetRequest: bridge_pb2.GetRequest,
    s.GetResponse: bridge_pb2.GetResponse,
    s.WatchRequest: bridge_pb2.WatchRequest,
    s.WatchResponse: bridge_pb2.WatchResponse,
    s.ListRequest: bridge_pb2.ListRequest,
    s.ListResponse: bridge_pb2.ListResponse,
    s.CancelRequest: bridge_pb2.CancelRequest,
    s.CancelResponse: bridge_pb2.CancelResponse,
    s.ExplainRequest: bridge_pb2.ExplainRequest,
    s.StageTime: bridge_pb2.StageTime,
    s.ExplainResponse: bridge_pb2.ExplainResponse,
    s.GetCapabilitiesRequest: platform_pb2.GetCapabilitiesRequest,
    s.Limits: platform_pb2.Limits,
    s.Capabilities: platform_pb2.Capabilities,
    s.GetCapabilitiesResponse: platform_pb2.GetCapabilitiesResponse,
    s.GetHealthRequest: platform_pb2.GetHealthRequest,
    s.Dependency: platform_pb2.Dependency,
    s.Health: platform_pb2.Health,
    s.GetHealthResponse: platform_pb2.GetHealthResponse,
    s.ApiKey: platform_pb2.ApiKey,
    s.CreateKeyRequest: platform_pb2.CreateKeyRequest,
    s.CreateKeyResponse: platform_pb2.CreateKeyResponse,
    s.ListKeysRequest: platform_pb2.ListKeysRequest,
    s.ListKeysResponse: platform_pb2.ListKeysResponse,
    s.RevokeKeyRequest: platform_pb2.RevokeKeyRequest,
    s.RevokeKeyResponse: platform_pb2.RevokeKeyResponse,
    s.Quota: platform_pb2.Quota,
    s.GetQuotaRequest: platform_pb2.GetQuotaRequest,
    s.GetQuotaResponse: platform_pb2.GetQuotaResponse,
    s.SetQuotaRequest: platform_pb2.SetQuotaRequest,
    s.SetQuotaResponse: platform_pb2.SetQuotaResponse,
}
