# Generated from contracts/proto by `make contracts`; do not edit.
import datetime

from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from qbridge_contract.v1 import errors_pb2 as _errors_pb2
from qbridge_contract.v1 import vector_pb2 as _vector_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Durability(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DURABILITY_UNSPECIFIED: _ClassVar[Durability]
    DURABILITY_MEMORY: _ClassVar[Durability]
    DURABILITY_PROCESS: _ClassVar[Durability]
    DURABILITY_DISK: _ClassVar[Durability]
    DURABILITY_REPLICATED: _ClassVar[Durability]

class RequestState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REQUEST_STATE_UNSPECIFIED: _ClassVar[RequestState]
    REQUEST_STATE_SUBMITTED: _ClassVar[RequestState]
    REQUEST_STATE_REJECTED: _ClassVar[RequestState]
    REQUEST_STATE_BLOCKED: _ClassVar[RequestState]
    REQUEST_STATE_QUEUED: _ClassVar[RequestState]
    REQUEST_STATE_LEASED: _ClassVar[RequestState]
    REQUEST_STATE_RUNNING: _ClassVar[RequestState]
    REQUEST_STATE_RETRY_WAIT: _ClassVar[RequestState]
    REQUEST_STATE_WAITING_INPUT: _ClassVar[RequestState]
    REQUEST_STATE_WAITING_APPROVAL: _ClassVar[RequestState]
    REQUEST_STATE_PAUSED: _ClassVar[RequestState]
    REQUEST_STATE_SUCCEEDED: _ClassVar[RequestState]
    REQUEST_STATE_FAILED: _ClassVar[RequestState]
    REQUEST_STATE_CANCELLED: _ClassVar[RequestState]
    REQUEST_STATE_EXPIRED: _ClassVar[RequestState]
    REQUEST_STATE_DEAD: _ClassVar[RequestState]
DURABILITY_UNSPECIFIED: Durability
DURABILITY_MEMORY: Durability
DURABILITY_PROCESS: Durability
DURABILITY_DISK: Durability
DURABILITY_REPLICATED: Durability
REQUEST_STATE_UNSPECIFIED: RequestState
REQUEST_STATE_SUBMITTED: RequestState
REQUEST_STATE_REJECTED: RequestState
REQUEST_STATE_BLOCKED: RequestState
REQUEST_STATE_QUEUED: RequestState
REQUEST_STATE_LEASED: RequestState
REQUEST_STATE_RUNNING: RequestState
REQUEST_STATE_RETRY_WAIT: RequestState
REQUEST_STATE_WAITING_INPUT: RequestState
REQUEST_STATE_WAITING_APPROVAL: RequestState
REQUEST_STATE_PAUSED: RequestState
REQUEST_STATE_SUCCEEDED: RequestState
REQUEST_STATE_FAILED: RequestState
REQUEST_STATE_CANCELLED: RequestState
REQUEST_STATE_EXPIRED: RequestState
REQUEST_STATE_DEAD: RequestState

class Payload(_message.Message):
    __slots__ = ("data", "json", "text", "content_type")
    DATA_FIELD_NUMBER: _ClassVar[int]
    JSON_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    json: _struct_pb2.Value
    text: str
    content_type: str
    def __init__(self, data: _Optional[bytes] = ..., json: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., text: _Optional[str] = ..., content_type: _Optional[str] = ...) -> None: ...

class Invoke(_message.Message):
    __slots__ = ("name", "payload", "no_side_effects")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    NO_SIDE_EFFECTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    payload: Payload
    no_side_effects: bool
    def __init__(self, name: _Optional[str] = ..., payload: _Optional[_Union[Payload, _Mapping]] = ..., no_side_effects: _Optional[bool] = ...) -> None: ...

class Operation(_message.Message):
    __slots__ = ("invoke", "create_collection", "delete_collection", "list_collections", "upsert", "query", "get", "delete", "count")
    INVOKE_FIELD_NUMBER: _ClassVar[int]
    CREATE_COLLECTION_FIELD_NUMBER: _ClassVar[int]
    DELETE_COLLECTION_FIELD_NUMBER: _ClassVar[int]
    LIST_COLLECTIONS_FIELD_NUMBER: _ClassVar[int]
    UPSERT_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    GET_FIELD_NUMBER: _ClassVar[int]
    DELETE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    invoke: Invoke
    create_collection: _vector_pb2.CreateCollection
    delete_collection: _vector_pb2.DeleteCollection
    list_collections: _vector_pb2.ListCollections
    upsert: _vector_pb2.UpsertVectors
    query: _vector_pb2.QueryVectors
    get: _vector_pb2.GetVectors
    delete: _vector_pb2.DeleteVectors
    count: _vector_pb2.CountVectors
    def __init__(self, invoke: _Optional[_Union[Invoke, _Mapping]] = ..., create_collection: _Optional[_Union[_vector_pb2.CreateCollection, _Mapping]] = ..., delete_collection: _Optional[_Union[_vector_pb2.DeleteCollection, _Mapping]] = ..., list_collections: _Optional[_Union[_vector_pb2.ListCollections, _Mapping]] = ..., upsert: _Optional[_Union[_vector_pb2.UpsertVectors, _Mapping]] = ..., query: _Optional[_Union[_vector_pb2.QueryVectors, _Mapping]] = ..., get: _Optional[_Union[_vector_pb2.GetVectors, _Mapping]] = ..., delete: _Optional[_Union[_vector_pb2.DeleteVectors, _Mapping]] = ..., count: _Optional[_Union[_vector_pb2.CountVectors, _Mapping]] = ...) -> None: ...

class Reply(_message.Message):
    __slots__ = ("payload", "matches", "records", "count", "collection", "collections")
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    MATCHES_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    COLLECTION_FIELD_NUMBER: _ClassVar[int]
    COLLECTIONS_FIELD_NUMBER: _ClassVar[int]
    payload: Payload
    matches: _vector_pb2.VectorMatches
    records: _vector_pb2.VectorRecords
    count: _vector_pb2.VectorCount
    collection: _vector_pb2.CollectionInfo
    collections: _vector_pb2.CollectionList
    def __init__(self, payload: _Optional[_Union[Payload, _Mapping]] = ..., matches: _Optional[_Union[_vector_pb2.VectorMatches, _Mapping]] = ..., records: _Optional[_Union[_vector_pb2.VectorRecords, _Mapping]] = ..., count: _Optional[_Union[_vector_pb2.VectorCount, _Mapping]] = ..., collection: _Optional[_Union[_vector_pb2.CollectionInfo, _Mapping]] = ..., collections: _Optional[_Union[_vector_pb2.CollectionList, _Mapping]] = ...) -> None: ...

class RetryPolicy(_message.Message):
    __slots__ = ("crashes_max", "errors_max")
    CRASHES_MAX_FIELD_NUMBER: _ClassVar[int]
    ERRORS_MAX_FIELD_NUMBER: _ClassVar[int]
    crashes_max: int
    errors_max: int
    def __init__(self, crashes_max: _Optional[int] = ..., errors_max: _Optional[int] = ...) -> None: ...

class InternalRequest(_message.Message):
    __slots__ = ("id", "backend", "operation", "durability", "priority", "deadline", "timeout_s", "idempotency_key", "retry", "labels", "traceparent")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    DURABILITY_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_S_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    RETRY_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    id: str
    backend: str
    operation: Operation
    durability: Durability
    priority: int
    deadline: _timestamp_pb2.Timestamp
    timeout_s: float
    idempotency_key: str
    retry: RetryPolicy
    labels: _containers.ScalarMap[str, str]
    traceparent: str
    def __init__(self, id: _Optional[str] = ..., backend: _Optional[str] = ..., operation: _Optional[_Union[Operation, _Mapping]] = ..., durability: _Optional[_Union[Durability, str]] = ..., priority: _Optional[int] = ..., deadline: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., timeout_s: _Optional[float] = ..., idempotency_key: _Optional[str] = ..., retry: _Optional[_Union[RetryPolicy, _Mapping]] = ..., labels: _Optional[_Mapping[str, str]] = ..., traceparent: _Optional[str] = ...) -> None: ...

class Accepted(_message.Message):
    __slots__ = ("request_id", "durability", "replayed", "trace_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    DURABILITY_FIELD_NUMBER: _ClassVar[int]
    REPLAYED_FIELD_NUMBER: _ClassVar[int]
    TRACE_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    durability: Durability
    replayed: bool
    trace_id: str
    def __init__(self, request_id: _Optional[str] = ..., durability: _Optional[_Union[Durability, str]] = ..., replayed: _Optional[bool] = ..., trace_id: _Optional[str] = ...) -> None: ...

class Result(_message.Message):
    __slots__ = ("request_id", "state", "reply", "error", "attempts", "replayed", "trace_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REPLY_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    REPLAYED_FIELD_NUMBER: _ClassVar[int]
    TRACE_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    state: RequestState
    reply: Reply
    error: _errors_pb2.Error
    attempts: int
    replayed: bool
    trace_id: str
    def __init__(self, request_id: _Optional[str] = ..., state: _Optional[_Union[RequestState, str]] = ..., reply: _Optional[_Union[Reply, _Mapping]] = ..., error: _Optional[_Union[_errors_pb2.Error, _Mapping]] = ..., attempts: _Optional[int] = ..., replayed: _Optional[bool] = ..., trace_id: _Optional[str] = ...) -> None: ...

class RequestRecord(_message.Message):
    __slots__ = ("request", "state", "result", "lane", "attempts", "durability", "created_at", "updated_at", "redrive_of")
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    LANE_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    DURABILITY_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    REDRIVE_OF_FIELD_NUMBER: _ClassVar[int]
    request: InternalRequest
    state: RequestState
    result: Result
    lane: str
    attempts: int
    durability: Durability
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    redrive_of: str
    def __init__(self, request: _Optional[_Union[InternalRequest, _Mapping]] = ..., state: _Optional[_Union[RequestState, str]] = ..., result: _Optional[_Union[Result, _Mapping]] = ..., lane: _Optional[str] = ..., attempts: _Optional[int] = ..., durability: _Optional[_Union[Durability, str]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., redrive_of: _Optional[str] = ...) -> None: ...

class RequestEvent(_message.Message):
    __slots__ = ("request_id", "sequence", "state", "at", "result")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    sequence: int
    state: RequestState
    at: _timestamp_pb2.Timestamp
    result: Result
    def __init__(self, request_id: _Optional[str] = ..., sequence: _Optional[int] = ..., state: _Optional[_Union[RequestState, str]] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., result: _Optional[_Union[Result, _Mapping]] = ...) -> None: ...
