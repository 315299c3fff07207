# Generated from contracts/proto by `make contracts`; do not edit.
import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from qbridge_contract.v1 import errors_pb2 as _errors_pb2
from qbridge_contract.v1 import request_pb2 as _request_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WaitReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WAIT_REASON_UNSPECIFIED: _ClassVar[WaitReason]
    WAIT_REASON_BEHIND_OTHERS: _ClassVar[WaitReason]
    WAIT_REASON_BATCHING: _ClassVar[WaitReason]
    WAIT_REASON_BACKEND_BUSY: _ClassVar[WaitReason]
    WAIT_REASON_NO_BACKEND: _ClassVar[WaitReason]
    WAIT_REASON_RUNNING: _ClassVar[WaitReason]
    WAIT_REASON_RETRY: _ClassVar[WaitReason]
WAIT_REASON_UNSPECIFIED: WaitReason
WAIT_REASON_BEHIND_OTHERS: WaitReason
WAIT_REASON_BATCHING: WaitReason
WAIT_REASON_BACKEND_BUSY: WaitReason
WAIT_REASON_NO_BACKEND: WaitReason
WAIT_REASON_RUNNING: WaitReason
WAIT_REASON_RETRY: WaitReason

class SubmitRequest(_message.Message):
    __slots__ = ("request",)
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    request: _request_pb2.InternalRequest
    def __init__(self, request: _Optional[_Union[_request_pb2.InternalRequest, _Mapping]] = ...) -> None: ...

class SubmitResponse(_message.Message):
    __slots__ = ("accepted",)
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    accepted: _request_pb2.Accepted
    def __init__(self, accepted: _Optional[_Union[_request_pb2.Accepted, _Mapping]] = ...) -> None: ...

class CallRequest(_message.Message):
    __slots__ = ("request",)
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    request: _request_pb2.InternalRequest
    def __init__(self, request: _Optional[_Union[_request_pb2.InternalRequest, _Mapping]] = ...) -> None: ...

class CallResponse(_message.Message):
    __slots__ = ("result",)
    RESULT_FIELD_NUMBER: _ClassVar[int]
    result: _request_pb2.Result
    def __init__(self, result: _Optional[_Union[_request_pb2.Result, _Mapping]] = ...) -> None: ...

class SessionRequest(_message.Message):
    __slots__ = ("submits", "cancels")
    SUBMITS_FIELD_NUMBER: _ClassVar[int]
    CANCELS_FIELD_NUMBER: _ClassVar[int]
    submits: _containers.RepeatedCompositeFieldContainer[_request_pb2.InternalRequest]
    cancels: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, submits: _Optional[_Iterable[_Union[_request_pb2.InternalRequest, _Mapping]]] = ..., cancels: _Optional[_Iterable[str]] = ...) -> None: ...

class Credit(_message.Message):
    __slots__ = ("items", "bytes")
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    items: int
    bytes: int
    def __init__(self, items: _Optional[int] = ..., bytes: _Optional[int] = ...) -> None: ...

class GoAway(_message.Message):
    __slots__ = ("error",)
    ERROR_FIELD_NUMBER: _ClassVar[int]
    error: _errors_pb2.Error
    def __init__(self, error: _Optional[_Union[_errors_pb2.Error, _Mapping]] = ...) -> None: ...

class SessionResponse(_message.Message):
    __slots__ = ("accepted", "results", "credit", "go_away")
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    GO_AWAY_FIELD_NUMBER: _ClassVar[int]
    accepted: _containers.RepeatedCompositeFieldContainer[_request_pb2.Accepted]
    results: _containers.RepeatedCompositeFieldContainer[_request_pb2.Result]
    credit: Credit
    go_away: GoAway
    def __init__(self, accepted: _Optional[_Iterable[_Union[_request_pb2.Accepted, _Mapping]]] = ..., results: _Optional[_Iterable[_Union[_request_pb2.Result, _Mapping]]] = ..., credit: _Optional[_Union[Credit, _Mapping]] = ..., go_away: _Optional[_Union[GoAway, _Mapping]] = ...) -> None: ...

class GetRequest(_message.Message):
    __slots__ = ("request_id", "wait_s")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    WAIT_S_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    wait_s: float
    def __init__(self, request_id: _Optional[str] = ..., wait_s: _Optional[float] = ...) -> None: ...

class GetResponse(_message.Message):
    __slots__ = ("record",)
    RECORD_FIELD_NUMBER: _ClassVar[int]
    record: _request_pb2.RequestRecord
    def __init__(self, record: _Optional[_Union[_request_pb2.RequestRecord, _Mapping]] = ...) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ("request_id", "after_sequence")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    after_sequence: int
    def __init__(self, request_id: _Optional[str] = ..., after_sequence: _Optional[int] = ...) -> None: ...

class WatchResponse(_message.Message):
    __slots__ = ("event",)
    EVENT_FIELD_NUMBER: _ClassVar[int]
    event: _request_pb2.RequestEvent
    def __init__(self, event: _Optional[_Union[_request_pb2.RequestEvent, _Mapping]] = ...) -> None: ...

class ListRequest(_message.Message):
    __slots__ = ("backend", "state", "page_size", "page_token")
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    backend: str
    state: _request_pb2.RequestState
    page_size: int
    page_token: str
    def __init__(self, backend: _Optional[str] = ..., state: _Optional[_Union[_request_pb2.RequestState, str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListResponse(_message.Message):
    __slots__ = ("records", "next_page_token")
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    records: _containers.RepeatedCompositeFieldContainer[_request_pb2.RequestRecord]
    next_page_token: str
    def __init__(self, records: _Optional[_Iterable[_Union[_request_pb2.RequestRecord, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CancelRequest(_message.Message):
    __slots__ = ("request_id",)
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    def __init__(self, request_id: _Optional[str] = ...) -> None: ...

class CancelResponse(_message.Message):
    __slots__ = ("record",)
    RECORD_FIELD_NUMBER: _ClassVar[int]
    record: _request_pb2.RequestRecord
    def __init__(self, record: _Optional[_Union[_request_pb2.RequestRecord, _Mapping]] = ...) -> None: ...

class ExplainRequest(_message.Message):
    __slots__ = ("request_id",)
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    def __init__(self, request_id: _Optional[str] = ...) -> None: ...

class StageTime(_message.Message):
    __slots__ = ("stage", "started_at", "duration_us")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    DURATION_US_FIELD_NUMBER: _ClassVar[int]
    stage: str
    started_at: _timestamp_pb2.Timestamp
    duration_us: float
    def __init__(self, stage: _Optional[str] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duration_us: _Optional[float] = ...) -> None: ...

class ExplainResponse(_message.Message):
    __slots__ = ("request_id", "state", "reason", "sentence", "lane", "ahead", "depth", "durability", "lost_by", "batch_size", "dispatch_reason", "transport", "stages")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_FIELD_NUMBER: _ClassVar[int]
    LANE_FIELD_NUMBER: _ClassVar[int]
    AHEAD_FIELD_NUMBER: _ClassVar[int]
    DEPTH_FIELD_NUMBER: _ClassVar[int]
    DURABILITY_FIELD_NUMBER: _ClassVar[int]
    LOST_BY_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    DISPATCH_REASON_FIELD_NUMBER: _ClassVar[int]
    TRANSPORT_FIELD_NUMBER: _ClassVar[int]
    STAGES_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    state: _request_pb2.RequestState
    reason: WaitReason
    sentence: str
    lane: str
    ahead: int
    depth: int
    durability: _request_pb2.Durability
    lost_by: str
    batch_size: int
    dispatch_reason: str
    transport: str
    stages: _containers.RepeatedCompositeFieldContainer[StageTime]
    def __init__(self, request_id: _Optional[str] = ..., state: _Optional[_Union[_request_pb2.RequestState, str]] = ..., reason: _Optional[_Union[WaitReason, str]] = ..., sentence: _Optional[str] = ..., lane: _Optional[str] = ..., ahead: _Optional[int] = ..., depth: _Optional[int] = ..., durability: _Optional[_Union[_request_pb2.Durability, str]] = ..., lost_by: _Optional[str] = ..., batch_size: _Optional[int] = ..., dispatch_reason: _Optional[str] = ..., transport: _Optional[str] = ..., stages: _Optional[_Iterable[_Union[StageTime, _Mapping]]] = ...) -> None: ...
