# Generated from contracts/proto by `make contracts`; do not edit.
"""The messages of the contract as msgspec Structs, the values that everything but the gRPC door works with.

Missing sub-messages, oneof members and optional scalars are None, a missing Value is UNSET; at most one
member of a oneof may be set, which `convert` and `json` check.
"""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET

Int32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
UInt32 = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
# msgspec bounds integers by 64 signed bits; `convert` and `json` refuse what is above 2**64 - 1.
UInt64 = Annotated[int, msgspec.Meta(ge=0)]
Time = Annotated[datetime, msgspec.Meta(tz=True)]


class Message(
    msgspec.Struct, kw_only=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True, gc=False
):
    """What all messages have in common. They are trees, so the cycle collector need not look at them."""


class ContractEnum(enum.Enum):
    """An enum whose values are the names in the proto, and which knows its number there."""

    _value_: str
    number: int

    def __new__(cls, value: str, number: int) -> ContractEnum:
        member = object.__new__(cls)
        member._value_ = value
        member.number = number
        return member

    # By identity: Enum's own hash is a Python call, and members are keys on hot paths.
    __hash__ = object.__hash__


class ErrorCode(ContractEnum):
    """The codes of the error table."""

    UNSPECIFIED = "ERROR_CODE_UNSPECIFIED", 0
    """No error."""
    INVALID_ARGUMENT = "ERROR_CODE_INVALID_ARGUMENT", 1
    """A field has a value that the contract or the backend does not allow."""
    MALFORMED = "ERROR_CODE_MALFORMED", 2
    """The message could not be read: broken JSON, broken protobuf, bad UTF-8 or an unknown field."""
    UNAUTHENTICATED = "ERROR_CODE_UNAUTHENTICATED", 3
    """The API key is missing, unknown, expired or revoked."""
    PERMISSION_DENIED = "ERROR_CODE_PERMISSION_DENIED", 4
    """The API key does not hold the scope that the call needs."""
    NOT_FOUND = "ERROR_CODE_NOT_FOUND", 5
    """The named request, backend, collection, key or path does not exist."""
    METHOD_NOT_ALLOWED = "ERROR_CODE_METHOD_NOT_ALLOWED", 6
    """The path exists, but not for this HTTP method."""
    ALREADY_EXISTS = "ERROR_CODE_ALREADY_EXISTS", 7
    """Something of that name exists already."""
    IDEMPOTENCY_CONFLICT = "ERROR_CODE_IDEMPOTENCY_CONFLICT", 8
    """The idempotency key was used before with another body."""
    VERSION_CONFLICT = "ERROR_CODE_VERSION_CONFLICT", 9
    """The resource has changed since the version that the caller named."""
    TOO_LARGE = "ERROR_CODE_TOO_LARGE", 10
    """The message, frame or batch is larger than the limits in the capabilities."""
    UNSUPPORTED_MEDIA_TYPE = "ERROR_CODE_UNSUPPORTED_MEDIA_TYPE", 11
    """The REST body has a media type that the door does not read."""
    FAILED_PRECONDITION = "ERROR_CODE_FAILED_PRECONDITION", 12
    """The deployment is in a state that does not allow the call; for example, it cannot keep the durability
    asked for by name.
    """
    QUOTA_EXCEEDED = "ERROR_CODE_QUOTA_EXCEEDED", 13
    """The caller has spent its quota."""
    QUEUE_FULL = "ERROR_CODE_QUEUE_FULL", 14
    """The lane or a window is full and its policy is to refuse."""
    CANCELLED = "ERROR_CODE_CANCELLED", 15
    """The caller, or an operator, cancelled the request."""
    INTERNAL = "ERROR_CODE_INTERNAL", 16
    """Something in the bridge broke. The detail never holds internals."""
    DATA_LOSS = "ERROR_CODE_DATA_LOSS", 17
    """A stored record failed its checksum."""
    UNIMPLEMENTED = "ERROR_CODE_UNIMPLEMENTED", 18
    """The deployment, or the backend, does not offer the operation."""
    BACKEND_FAILED = "ERROR_CODE_BACKEND_FAILED", 19
    """The backend ran the operation and reported a failure."""
    BACKEND_LOST = "ERROR_CODE_BACKEND_LOST", 20
    """The backend, or its process, went away and the crash budget is spent."""
    UNAVAILABLE = "ERROR_CODE_UNAVAILABLE", 21
    """The deployment is draining, not ready, or stopped taking writes."""
    DEADLINE_EXCEEDED = "ERROR_CODE_DEADLINE_EXCEEDED", 22
    """The deadline passed before the request finished."""


class Metric(ContractEnum):
    """How far two vectors are apart."""

    UNSPECIFIED = "METRIC_UNSPECIFIED", 0
    """Not named: COSINE."""
    COSINE = "METRIC_COSINE", 1
    """1 - cos(a, b), in 0 .. 2."""
    L2 = "METRIC_L2", 2
    """The squared Euclidean distance."""
    DOT = "METRIC_DOT", 3
    """1 - a.b."""


class DType(ContractEnum):
    """The element type of a Vector's bytes."""

    UNSPECIFIED = "DTYPE_UNSPECIFIED", 0
    """Not named: F32."""
    F32 = "DTYPE_F32", 1
    """IEEE 754 binary32, little-endian."""


class Comparison(ContractEnum):
    """How a condition compares."""

    UNSPECIFIED = "COMPARISON_UNSPECIFIED", 0
    """Not named: EQ."""
    EQ = "COMPARISON_EQ", 1
    """The value is equal."""
    NE = "COMPARISON_NE", 2
    """The value is not equal, or missing."""
    LT = "COMPARISON_LT", 3
    """The value is less."""
    LTE = "COMPARISON_LTE", 4
    """The value is less or equal."""
    GT = "COMPARISON_GT", 5
    """The value is greater."""
    GTE = "COMPARISON_GTE", 6
    """The value is greater or equal."""
    IN = "COMPARISON_IN", 7
    """The value is in the list."""
    EXISTS = "COMPARISON_EXISTS", 8
    """The key is there (value true) or missing (value false)."""


class Durability(ContractEnum):
    """When a request counts as accepted, and so what can still lose it."""

    UNSPECIFIED = "DURABILITY_UNSPECIFIED", 0
    """Not named: MEMORY for reads, DISK for writes, or the highest level that the deployment keeps."""
    MEMORY = "DURABILITY_MEMORY", 1
    """Accepted once it is in the lane; any crash of the process loses it."""
    PROCESS = "DURABILITY_PROCESS", 2
    """Accepted once it is written to the log; a power cut can lose it."""
    DISK = "DURABILITY_DISK", 3
    """Accepted once it is synced to disk; only the loss of the disk loses it."""
    REPLICATED = "DURABILITY_REPLICATED", 4
    """Accepted once replicas have confirmed it too."""


class RequestState(ContractEnum):
    """Where a request is in its life."""

    UNSPECIFIED = "REQUEST_STATE_UNSPECIFIED", 0
    """Not known."""
    SUBMITTED = "REQUEST_STATE_SUBMITTED", 1
    """It has arrived and is being admitted."""
    REJECTED = "REQUEST_STATE_REJECTED", 2
    """It was refused; final."""
    BLOCKED = "REQUEST_STATE_BLOCKED", 3
    """It waits for other requests."""
    QUEUED = "REQUEST_STATE_QUEUED", 4
    """It waits in its lane."""
    LEASED = "REQUEST_STATE_LEASED", 5
    """A worker holds its lease."""
    RUNNING = "REQUEST_STATE_RUNNING", 6
    """The backend has it."""
    RETRY_WAIT = "REQUEST_STATE_RETRY_WAIT", 7
    """It waits for its next attempt."""
    WAITING_INPUT = "REQUEST_STATE_WAITING_INPUT", 8
    """It waits for input from a person or an agent."""
    WAITING_APPROVAL = "REQUEST_STATE_WAITING_APPROVAL", 9
    """It waits for an approval."""
    PAUSED = "REQUEST_STATE_PAUSED", 10
    """An operator has paused it."""
    SUCCEEDED = "REQUEST_STATE_SUCCEEDED", 11
    """It has a reply; final."""
    FAILED = "REQUEST_STATE_FAILED", 12
    """It has an error that a retry cannot mend; final."""
    CANCELLED = "REQUEST_STATE_CANCELLED", 13
    """It was cancelled; final."""
    EXPIRED = "REQUEST_STATE_EXPIRED", 14
    """Its deadline passed; final."""
    DEAD = "REQUEST_STATE_DEAD", 15
    """A retry budget is spent: a dead letter; final."""


class BackendState(ContractEnum):
    """Whether a backend can work."""

    UNSPECIFIED = "BACKEND_STATE_UNSPECIFIED", 0
    """Not known."""
    READY = "BACKEND_STATE_READY", 1
    """It can."""
    DISCONNECTED = "BACKEND_STATE_DISCONNECTED", 2
    """A remote backend without a process."""
    FAILING = "BACKEND_STATE_FAILING", 3
    """Its probe fails."""


class WaitReason(ContractEnum):
    """Why a request is where it is."""

    UNSPECIFIED = "WAIT_REASON_UNSPECIFIED", 0
    """It does not wait: it is final."""
    BEHIND_OTHERS = "WAIT_REASON_BEHIND_OTHERS", 1
    """Others of its lane are ahead."""
    BATCHING = "WAIT_REASON_BATCHING", 2
    """The batcher waits for more requests to share the batch."""
    BACKEND_BUSY = "WAIT_REASON_BACKEND_BUSY", 3
    """The backend works on the batches in flight."""
    NO_BACKEND = "WAIT_REASON_NO_BACKEND", 4
    """No process serves the backend."""
    RUNNING = "WAIT_REASON_RUNNING", 5
    """The backend has the request."""
    RETRY = "WAIT_REASON_RETRY", 6
    """It waits for its next attempt."""


class HealthState(ContractEnum):
    """How something is."""

    UNSPECIFIED = "HEALTH_STATE_UNSPECIFIED", 0
    """Not known."""
    SERVING = "HEALTH_STATE_SERVING", 1
    """It works."""
    DEGRADED = "HEALTH_STATE_DEGRADED", 2
    """It works, but something that it depends on does not."""
    DRAINING = "HEALTH_STATE_DRAINING", 3
    """It finishes what it has and takes nothing new."""
    NOT_SERVING = "HEALTH_STATE_NOT_SERVING", 4
    """It does not work."""


class FieldViolation(Message, kw_only=True, gc=False):
    """One field that breaks a rule of the contract."""

    field: str = ""
    """The path of the field, in proto names: request.operation.query.top_k."""
    rule: str = ""
    """The id of the rule, as protovalidate names it, or of a rule of ours."""
    message: str = ""
    """What is wrong, in one sentence."""


class Error(Message, kw_only=True, gc=False):
    """An error, the same at every door: problem+json (RFC 9457) members over REST, a detail of
    google.rpc.Status over gRPC.
    """

    code: ErrorCode = ErrorCode.UNSPECIFIED
    """The row of the error table."""
    message: str = ""
    """What happened, for a person, without internals."""
    retryable: bool = False
    """True where the same request, sent again later, may succeed."""
    retry_after_s: float = 0.0
    """How long to wait before sending again, in seconds; 0 where it does not matter."""
    violations: list[FieldViolation] = []
    """The fields at fault, for INVALID_ARGUMENT."""
    trace_id: str = ""
    """The trace id, 32 hexadecimal digits."""


class FloatArray(Message, kw_only=True, gc=False):
    """Numbers that a person can write."""

    items: list[float] = []
    """The numbers, row by row."""


class Vector(Message, kw_only=True, gc=False):
    """One vector, or a matrix of them, row by row: bytes on the hot path, an array for people with curl."""

    f32le: bytes | None = None
    """float32, little-endian, row by row. (One of `data`.)"""
    values: FloatArray | None = None
    """The same as an array. (One of `data`.)"""
    shape: list[UInt32] = []
    """[d] for one vector, [n, d] for n of them; empty means one vector of all the numbers."""
    dtype: DType = DType.UNSPECIFIED
    """The element type."""


class CreateCollection(Message, kw_only=True, gc=False):
    """Makes a collection."""

    collection: str = ""
    """Its name."""
    dimension: UInt32 = 0
    """How many numbers a vector has."""
    metric: Metric = Metric.UNSPECIFIED
    """How far two vectors are apart."""
    exist_ok: bool = False
    """True where an equal collection that exists already is a success."""


class DeleteCollection(Message, kw_only=True, gc=False):
    """Deletes a collection with all that it holds."""

    collection: str = ""
    """Its name."""


class ListCollections(Message, kw_only=True, gc=False):
    """Lists the collections of the backend."""


class UpsertVectors(Message, kw_only=True, gc=False):
    """Writes vectors: a new id is added, an id that exists is replaced."""

    collection: str = ""
    """The collection."""
    ids: list[str] = []
    """One id a vector, each once."""
    vectors: Vector | None = None
    """The vectors, shape [n, d]; [d] where there is one."""
    metadata: list[dict[str, Any]] = []
    """One object a vector, or none at all."""


class Condition(Message, kw_only=True, gc=False):
    """A condition on one key of the metadata."""

    key: str = ""
    """The key, at the top level of the metadata."""
    comparison: Comparison = Comparison.UNSPECIFIED
    """How to compare."""
    value: Any = UNSET
    """What to compare with: a string, a number, a boolean; a list of them for IN."""


class FilterList(Message, kw_only=True, gc=False):
    """Several filters."""

    filters: list[Filter] = []
    """The filters."""


class Filter(Message, kw_only=True, gc=False):
    """Which vectors to look at, by their metadata."""

    where: Condition | None = None
    """The condition. (One of `kind`.)"""
    all: FilterList | None = None
    """All of them. (One of `kind`.)"""
    any: FilterList | None = None
    """At least one of them. (One of `kind`.)"""
    not_: Filter | None = msgspec.field(default=None, name="not")
    """Not this one. (One of `kind`.)"""


class QueryVectors(Message, kw_only=True, gc=False):
    """Finds the nearest vectors."""

    collection: str = ""
    """The collection."""
    queries: Vector | None = None
    """One query [d] or several [q, d]."""
    top_k: UInt32 = 0
    """How many neighbours for each query."""
    filter: Filter | None = None
    """Which vectors to look at; all where it is missing."""
    include_metadata: bool = False
    """True to get the metadata too."""
    include_vectors: bool = False
    """True to get the vectors too."""


class GetVectors(Message, kw_only=True, gc=False):
    """Reads vectors by id. Ids that are not there are left out of the reply."""

    collection: str = ""
    """The collection."""
    ids: list[str] = []
    """The ids."""


class DeleteVectors(Message, kw_only=True, gc=False):
    """Deletes vectors by id, or by filter. Ids that are not there are passed over."""

    collection: str = ""
    """The collection."""
    ids: list[str] = []
    """The ids; empty where a filter says which."""
    filter: Filter | None = None
    """Which ones, by their metadata."""


class CountVectors(Message, kw_only=True, gc=False):
    """Counts vectors."""

    collection: str = ""
    """The collection."""
    filter: Filter | None = None
    """Which ones; all where it is missing."""


class CollectionInfo(Message, kw_only=True, gc=False):
    """A collection as it is."""

    collection: str = ""
    """Its name."""
    dimension: UInt32 = 0
    """How many numbers a vector has."""
    metric: Metric = Metric.UNSPECIFIED
    """How far two vectors are apart."""
    count: UInt32 = 0
    """How many vectors it holds."""


class CollectionList(Message, kw_only=True, gc=False):
    """The collections of a backend, by name."""

    collections: list[CollectionInfo] = []
    """The collections."""


class VectorMatches(Message, kw_only=True, gc=False):
    """The neighbours that a query found, as columns: the rows of query 0 first, nearest first."""

    ids: list[str] = []
    """The ids of all rows."""
    distances: list[float] = []
    """The distance of each row, in the collection's metric."""
    counts: list[UInt32] = []
    """How many rows each query has."""
    metadata: list[dict[str, Any]] = []
    """The metadata of each row, where asked for."""
    vectors: Vector | None = None
    """The vectors of all rows [rows, d], where asked for."""


class VectorRecords(Message, kw_only=True, gc=False):
    """Vectors read by id, as columns, in the order asked for."""

    ids: list[str] = []
    """The ids that are there."""
    vectors: Vector | None = None
    """Their vectors [n, d]."""
    metadata: list[dict[str, Any]] = []
    """Their metadata, one object a vector."""


class VectorCount(Message, kw_only=True, gc=False):
    """How many: the vectors written, deleted or counted."""

    count: UInt32 = 0
    """How many."""


class Payload(Message, kw_only=True, gc=False):
    """Bytes, JSON or text that the bridge carries and does not look into."""

    data: bytes | None = None
    """Bytes: the hot path. (One of `body`.)"""
    json: Any = UNSET
    """JSON, for people with curl. (One of `body`.)"""
    text: str | None = None
    """Text. (One of `body`.)"""
    content_type: str = ""
    """The media type; empty means what the body implies."""


class Invoke(Message, kw_only=True, gc=False):
    """The generic operation: a name that the backend knows, and a payload."""

    name: str = ""
    """What to do, in the backend's words."""
    payload: Payload | None = None
    """What to do it with."""
    no_side_effects: bool = False
    """True where it changes nothing: then MEMORY is its default durability."""


class Operation(Message, kw_only=True, gc=False):
    """The work itself: one of the typed operations, or the generic one."""

    invoke: Invoke | None = None
    """The generic operation. (One of `kind`.)"""
    create_collection: CreateCollection | None = None
    """Makes a collection. (One of `kind`.)"""
    delete_collection: DeleteCollection | None = None
    """Deletes a collection. (One of `kind`.)"""
    list_collections: ListCollections | None = None
    """Lists the collections. (One of `kind`.)"""
    upsert: UpsertVectors | None = None
    """Writes vectors. (One of `kind`.)"""
    query: QueryVectors | None = None
    """Finds the nearest vectors. (One of `kind`.)"""
    get: GetVectors | None = None
    """Reads vectors by id. (One of `kind`.)"""
    delete: DeleteVectors | None = None
    """Deletes vectors. (One of `kind`.)"""
    count: CountVectors | None = None
    """Counts vectors. (One of `kind`.)"""


class Reply(Message, kw_only=True, gc=False):
    """What a succeeded operation answers; the field goes with the operation."""

    payload: Payload | None = None
    """Of the generic operation. (One of `kind`.)"""
    matches: VectorMatches | None = None
    """Of a query. (One of `kind`.)"""
    records: VectorRecords | None = None
    """Of a get. (One of `kind`.)"""
    count: VectorCount | None = None
    """Of an upsert, a delete, a count; of a deleted collection, how many vectors went. (One of `kind`.)"""
    collection: CollectionInfo | None = None
    """Of a made collection. (One of `kind`.)"""
    collections: CollectionList | None = None
    """Of a listing. (One of `kind`.)"""


class RetryPolicy(Message, kw_only=True, gc=False):
    """How often to try again, with one budget for crashes and one for errors."""

    crashes_max: UInt32 | None = None
    """How many lost attempts (the backend went away) are made good; at most 100."""
    errors_max: UInt32 | None = None
    """How many retryable errors of the backend are made good; at most 100."""


class InternalRequest(Message, kw_only=True, gc=False):
    """A request: one piece of work for one backend."""

    id: str = ""
    """The caller's own id for it, "req_" and a ULID; made by the gateway where it is empty.

    Scoped to the caller, it is an implicit idempotency key.
    """
    backend: str = ""
    """The backend; empty leaves the choice to the routing rules."""
    operation: Operation | None = None
    """The work."""
    durability: Durability = Durability.UNSPECIFIED
    """The durability; a level asked for by name is kept or refused."""
    priority: UInt32 | None = None
    """0 (last) to 9 (first); 5 where it is missing."""
    deadline: Time | None = None
    """When the answer is of no more use."""
    timeout_s: float = 0.0
    """The same in seconds from acceptance; the earlier of the two holds. 0 means none."""
    idempotency_key: str = ""
    """Same key and same body: the stored result. Same key, other body: IDEMPOTENCY_CONFLICT."""
    retry: RetryPolicy | None = None
    """How often to try again; the deployment's defaults where it is missing."""
    labels: dict[str, str] = {}
    """Labels, for routing rules and for lists."""
    traceparent: str = ""
    """The W3C trace context; the doors fill it from their header where it is empty."""


class Accepted(Message, kw_only=True, gc=False):
    """The word that a request is accepted, as durable as named."""

    request_id: str = ""
    """The request."""
    durability: Durability = Durability.UNSPECIFIED
    """The durability that holds."""
    replayed: bool = False
    """True where the same request was accepted before."""
    trace_id: str = ""
    """The trace id, 32 hexadecimal digits."""


class Result(Message, kw_only=True, gc=False):
    """What came of a request."""

    request_id: str = ""
    """The request."""
    state: RequestState = RequestState.UNSPECIFIED
    """Its final state."""
    reply: Reply | None = None
    """The reply, of a request that SUCCEEDED."""
    error: Error | None = None
    """The error, of every other one."""
    attempts: UInt32 = 0
    """How often a backend was given it."""
    replayed: bool = False
    """True where the result was stored before and is given again."""
    trace_id: str = ""
    """The trace id, 32 hexadecimal digits."""


class RequestRecord(Message, kw_only=True, gc=False):
    """All that is known of a request."""

    request: InternalRequest | None = None
    """The request as accepted."""
    state: RequestState = RequestState.UNSPECIFIED
    """Where it is in its life."""
    result: Result | None = None
    """What came of it, once the state is final."""
    lane: str = ""
    """The lane."""
    attempts: UInt32 = 0
    """How often a backend was given it."""
    durability: Durability = Durability.UNSPECIFIED
    """The durability that holds."""
    created_at: Time | None = None
    """When it was accepted."""
    updated_at: Time | None = None
    """When its state last changed."""
    redrive_of: str = ""
    """The dead letter that it repeats, if it does."""


class RequestEvent(Message, kw_only=True, gc=False):
    """A change of a request's state."""

    request_id: str = ""
    """The request."""
    sequence: UInt32 = 0
    """1, 2, 3, ... of this request, without gaps."""
    state: RequestState = RequestState.UNSPECIFIED
    """The state from now on."""
    at: Time | None = None
    """When."""
    result: Result | None = None
    """What came of it, with the last event."""


class BatchLimits(Message, kw_only=True, gc=False):
    """How large and how old a batch may become."""

    size_max: UInt32 = 0
    """How many requests a batch has at most; 0 means the deployment's default."""
    wait_s_max: float = 0.0
    """How long the first request waits for others at most, in seconds; 0 sends as soon as the backend is
    free.
    """
    in_flight_max: UInt32 = 0
    """How many batches the backend works on at once; 0 means the deployment's default."""


class OperationSpec(Message, kw_only=True, gc=False):
    """An operation that a backend offers."""

    name: str = ""
    """A field of Operation ("query"), or the name of a generic operation ("invoke:plan")."""
    description: str = ""
    """What it does."""


class Backend(Message, kw_only=True, gc=False):
    """A backend."""

    name: str = ""
    """Its name, which is its id."""
    kind: str = ""
    """Its kind: "echo", "vector", "remote"."""
    description: str = ""
    """What it is for."""
    operations: list[OperationSpec] = []
    """What it offers; empty means any generic operation."""
    batch: BatchLimits | None = None
    """How its batches are formed."""
    labels: dict[str, str] = {}
    """Labels, for lists."""
    state: BackendState = BackendState.UNSPECIFIED
    """Whether it can work. Set by the server."""
    connections: UInt32 = 0
    """How many processes serve it. Set by the server."""
    version: UInt32 = 0
    """1, 2, 3, ... with each change; the ETag over REST. Set by the server."""
    created_at: Time | None = None
    """When it was registered. Set by the server."""


class RegisterRequest(Message, kw_only=True, gc=False):
    """Asks Register."""

    backend: Backend | None = None
    """The backend. The same registration again is a success."""


class RegisterResponse(Message, kw_only=True, gc=False):
    """Answers Register."""

    backend: Backend | None = None
    """The backend as registered."""


class GetBackendRequest(Message, kw_only=True, gc=False):
    """Asks Get."""

    name: str = ""
    """The backend."""


class GetBackendResponse(Message, kw_only=True, gc=False):
    """Answers Get."""

    backend: Backend | None = None
    """The backend."""


class ListBackendsRequest(Message, kw_only=True, gc=False):
    """Asks List."""

    page_size: UInt32 = 0
    """How many a page has; 50 where it is 0."""
    page_token: str = ""
    """The token of the next page, from the page before."""


class ListBackendsResponse(Message, kw_only=True, gc=False):
    """Answers List."""

    backends: list[Backend] = []
    """The backends."""
    next_page_token: str = ""
    """The token of the next page; empty where this is the last."""


class UpdateBackendRequest(Message, kw_only=True, gc=False):
    """Asks Update. What is missing stays as it is."""

    name: str = ""
    """The backend."""
    description: str | None = None
    """What it is for."""
    batch: BatchLimits | None = None
    """How its batches are formed."""
    labels: dict[str, str] = {}
    """Labels that are added or replaced."""
    expected_version: UInt32 = 0
    """The version that the caller has read; 0 changes whatever is there. If-Match over REST."""


class UpdateBackendResponse(Message, kw_only=True, gc=False):
    """Answers Update."""

    backend: Backend | None = None
    """The backend as it is now."""


class DeleteBackendRequest(Message, kw_only=True, gc=False):
    """Asks Delete."""

    name: str = ""
    """The backend."""


class DeleteBackendResponse(Message, kw_only=True, gc=False):
    """Answers Delete."""


class ProbeRequest(Message, kw_only=True, gc=False):
    """Asks Probe."""

    name: str = ""
    """The backend."""


class ProbeResponse(Message, kw_only=True, gc=False):
    """Answers Probe."""

    state: BackendState = BackendState.UNSPECIFIED
    """Whether it can work."""
    detail: str = ""
    """What the backend says, for a person."""
    latency_s: float = 0.0
    """How long the answer took, in seconds."""


class Attach(Message, kw_only=True, gc=False):
    """The first message of Execute: which backend the process serves."""

    backend: str = ""
    """The registered name."""
    window: UInt32 = 0
    """How many batches the process takes at once; 1 where it is 0."""


class ItemResult(Message, kw_only=True, gc=False):
    """What came of one item of a batch."""

    request_id: str = ""
    """The request."""
    epoch: UInt64 = 0
    """The epoch that came with the item: the fencing token. An older one is refused."""
    reply: Reply | None = None
    """It succeeded. (One of `outcome`.)"""
    error: Error | None = None
    """It failed. (One of `outcome`.)"""


class ExecuteRequest(Message, kw_only=True, gc=False):
    """From the backend process."""

    attach: Attach | None = None
    """Says which backend it is: in the first message, and only there."""
    results: list[ItemResult] = []
    """What came of items, in any order, as soon as each is known."""
    leaving: bool = False
    """True where the process is leaving: it gets no more batches, and a go_away says so; then it sends the
    results of what it still has, and ends the stream.
    """


class ExecuteItem(Message, kw_only=True, gc=False):
    """One leased request."""

    request_id: str = ""
    """The request."""
    epoch: UInt64 = 0
    """The fencing token; the result names it."""
    operation: Operation | None = None
    """The work."""
    traceparent: str = ""
    """The W3C trace context, for what the backend does in turn."""
    deadline: Time | None = None
    """When the answer is of no more use."""
    attempt: UInt32 = 0
    """1 for the first attempt."""
    effect_key: str = ""
    """The request's idempotency key, or its id, scoped to the caller: the key of the effect."""
    labels: dict[str, str] = {}
    """The request's labels."""


class ExecuteBatch(Message, kw_only=True, gc=False):
    """Requests leased together."""

    items: list[ExecuteItem] = []
    """The items."""
    lease_s: float = 0.0
    """How long the lease holds without a result, in seconds; 0 means as long as the stream."""


class ExecuteResponse(Message, kw_only=True, gc=False):
    """To the backend process."""

    attached: AttachedBackend | None = None
    """The attachment holds: batches will follow. (One of `kind`.)"""
    batch: ExecuteBatch | None = None
    """A batch. (One of `kind`.)"""
    go_away: ExecuteGoAway | None = None
    """No more batches; the stream ends once the results are in. (One of `kind`.)"""


class AttachedBackend(Message, kw_only=True, gc=False):
    """The attachment holds."""

    backend: Backend | None = None
    """The backend."""


class ExecuteGoAway(Message, kw_only=True, gc=False):
    """No more batches will come."""

    error: Error | None = None
    """Why."""


class SubmitRequest(Message, kw_only=True, gc=False):
    """Asks Submit."""

    request: InternalRequest | None = None
    """The request."""


class SubmitResponse(Message, kw_only=True, gc=False):
    """Answers Submit."""

    accepted: Accepted | None = None
    """The word that it is accepted."""


class CallRequest(Message, kw_only=True, gc=False):
    """Asks Call."""

    request: InternalRequest | None = None
    """The request."""


class CallResponse(Message, kw_only=True, gc=False):
    """Answers Call."""

    result: Result | None = None
    """What came of it."""


class SessionRequest(Message, kw_only=True, gc=False):
    """A frame from the caller. A frame is packing, never atomicity: each item stands for itself."""

    submits: list[InternalRequest] = []
    """New requests; each has its id from the caller."""
    cancels: list[str] = []
    """The ids of requests to cancel."""


class Credit(Message, kw_only=True, gc=False):
    """How many requests, and bytes of them, may be unanswered on the session."""

    items: UInt32 = 0
    """Requests without a result."""
    bytes: UInt32 = 0
    """Their bytes."""


class GoAway(Message, kw_only=True, gc=False):
    """The server will answer what it has accepted and take nothing more on this session."""

    error: Error | None = None
    """Why."""


class SessionResponse(Message, kw_only=True, gc=False):
    """A frame from the server."""

    accepted: list[Accepted] = []
    """The requests accepted, a commit group at a time."""
    results: list[Result] = []
    """The results of requests, refused ones included."""
    credit: Credit | None = None
    """The window; the first frame of a session has it."""
    go_away: GoAway | None = None
    """The last frame but for results."""


class GetRequest(Message, kw_only=True, gc=False):
    """Asks Get."""

    request_id: str = ""
    """The request."""
    wait_s: float = 0.0
    """How long to wait for it to become final, in seconds; 0 answers at once."""


class GetResponse(Message, kw_only=True, gc=False):
    """Answers Get."""

    record: RequestRecord | None = None
    """All that is known of it."""


class WatchRequest(Message, kw_only=True, gc=False):
    """Asks Watch."""

    request_id: str = ""
    """The request."""
    after_sequence: UInt32 = 0
    """The last event that the caller has; the stream goes on behind it."""


class WatchResponse(Message, kw_only=True, gc=False):
    """One event of a watch."""

    event: RequestEvent | None = None
    """The event."""


class ListRequest(Message, kw_only=True, gc=False):
    """Asks List."""

    backend: str = ""
    """Only requests of this backend."""
    state: RequestState = RequestState.UNSPECIFIED
    """Only requests in this state."""
    page_size: UInt32 = 0
    """How many a page has; 50 where it is 0."""
    page_token: str = ""
    """The token of the next page, from the page before."""


class ListResponse(Message, kw_only=True, gc=False):
    """Answers List."""

    records: list[RequestRecord] = []
    """The requests, without their replies."""
    next_page_token: str = ""
    """The token of the next page; empty where this is the last."""


class CancelRequest(Message, kw_only=True, gc=False):
    """Asks Cancel."""

    request_id: str = ""
    """The request."""


class CancelResponse(Message, kw_only=True, gc=False):
    """Answers Cancel."""

    record: RequestRecord | None = None
    """The request as it is now."""


class ExplainRequest(Message, kw_only=True, gc=False):
    """Asks Explain."""

    request_id: str = ""
    """The request."""


class StageTime(Message, kw_only=True, gc=False):
    """How long one stage of the path took."""

    stage: str = ""
    """The stage: admit, append, queue, execute, settle."""
    started_at: Time | None = None
    """When it began."""
    duration_us: float = 0.0
    """How long it took, in microseconds."""


class ExplainResponse(Message, kw_only=True, gc=False):
    """Answers Explain."""

    request_id: str = ""
    """The request."""
    state: RequestState = RequestState.UNSPECIFIED
    """Where it is in its life."""
    reason: WaitReason = WaitReason.UNSPECIFIED
    """Why it waits."""
    sentence: str = ""
    """The same in a sentence."""
    lane: str = ""
    """The lane."""
    ahead: UInt32 = 0
    """How many of its lane are ahead of it."""
    depth: UInt32 = 0
    """How many wait in its lane."""
    durability: Durability = Durability.UNSPECIFIED
    """The durability that holds."""
    lost_by: str = ""
    """What would lose the request now, in a sentence."""
    batch_size: UInt32 = 0
    """How many requests shared its last batch."""
    dispatch_reason: str = ""
    """Why that batch was sent when it was: full, timer, idle, deadline."""
    transport: str = ""
    """The way that the result goes back: frame or inline."""
    stages: list[StageTime] = []
    """The stages that it has been through."""


class GetCapabilitiesRequest(Message, kw_only=True, gc=False):
    """Asks GetCapabilities."""


class Limits(Message, kw_only=True, gc=False):
    """The limits of a deployment. What is larger is refused with TOO_LARGE or INVALID_ARGUMENT."""

    message_bytes_max: UInt32 = 0
    """A message or a REST body, in bytes."""
    frame_items_max: UInt32 = 0
    """The items of a frame."""
    session_items_max: UInt32 = 0
    """The unanswered requests of a session."""
    lane_items_max: UInt32 = 0
    """The requests that wait in a lane."""
    batch_items_max: UInt32 = 0
    """The requests of a batch."""
    top_k_max: UInt32 = 0
    """The neighbours that a query may ask for."""
    timeout_s_default: float = 0.0
    """How long a call without a deadline waits, in seconds."""
    result_ttl_s: float = 0.0
    """How long a memory result can be asked for, in seconds."""


class Capabilities(Message, kw_only=True, gc=False):
    """What a deployment can do."""

    contract_version: str = ""
    """The version of the contract, as in the package: "v1"."""
    product: str = ""
    """The product and its version, for people."""
    profiles: list[str] = []
    """The profiles that it keeps: "core", "vector", ..."""
    transports: list[str] = []
    """The transports: "grpc", "rest", "sse", "websocket"."""
    durabilities: list[Durability] = []
    """The durability levels that it keeps, lowest first."""
    limits: Limits | None = None
    """The limits."""
    authentication: bool = False
    """True where a caller needs an API key."""
    faults: list[str] = []
    """The faults that a test may inject; empty in production."""


class GetCapabilitiesResponse(Message, kw_only=True, gc=False):
    """Answers GetCapabilities."""

    capabilities: Capabilities | None = None
    """What it can do."""


class GetHealthRequest(Message, kw_only=True, gc=False):
    """Asks GetHealth."""


class Dependency(Message, kw_only=True, gc=False):
    """Something that the deployment depends on."""

    name: str = ""
    """Its name: "buffer", "backend:digits"."""
    state: HealthState = HealthState.UNSPECIFIED
    """How it is."""
    detail: str = ""
    """What it says, for a person."""


class Health(Message, kw_only=True, gc=False):
    """How a deployment is."""

    state: HealthState = HealthState.UNSPECIFIED
    """All in all."""
    dependencies: list[Dependency] = []
    """What it depends on."""
    uptime_s: float = 0.0
    """How long it has run, in seconds."""


class GetHealthResponse(Message, kw_only=True, gc=False):
    """Answers GetHealth."""

    health: Health | None = None
    """How it is."""


class ApiKey(Message, kw_only=True, gc=False):
    """An API key, without its secret."""

    key_id: str = ""
    """Its id: "key_" and a ULID."""
    name: str = ""
    """What it is for, for people."""
    tenant: str = ""
    """The tenant that its callers belong to."""
    scopes: list[str] = []
    """What its callers may do: "call", "backend", "admin"."""
    created_at: Time | None = None
    """When it was made."""
    expires_at: Time | None = None
    """When it ends; never where it is missing."""
    revoked: bool = False
    """True once it is revoked."""


class CreateKeyRequest(Message, kw_only=True, gc=False):
    """Asks CreateKey."""

    name: str = ""
    """What it is for, for people."""
    tenant: str = ""
    """The tenant that its callers belong to."""
    scopes: list[str] = []
    """What its callers may do."""
    ttl_s: float = 0.0
    """How long it holds, in seconds, a hundred years at most; 0 means for good."""


class CreateKeyResponse(Message, kw_only=True, gc=False):
    """Answers CreateKey."""

    key: ApiKey | None = None
    """The key."""
    secret: str = ""
    """What its callers send: "Authorization: Bearer SECRET". It is not stored."""


class ListKeysRequest(Message, kw_only=True, gc=False):
    """Asks ListKeys."""

    page_size: UInt32 = 0
    """How many a page has; 50 where it is 0."""
    page_token: str = ""
    """The token of the next page, from the page before."""


class ListKeysResponse(Message, kw_only=True, gc=False):
    """Answers ListKeys."""

    keys: list[ApiKey] = []
    """The keys, oldest first."""
    next_page_token: str = ""
    """The token of the next page; empty where this is the last."""


class RevokeKeyRequest(Message, kw_only=True, gc=False):
    """Asks RevokeKey."""

    key_id: str = ""
    """The key."""


class RevokeKeyResponse(Message, kw_only=True, gc=False):
    """Answers RevokeKey."""


class Quota(Message, kw_only=True, gc=False):
    """What a tenant may use. 0 means no bound."""

    tenant: str = ""
    """The tenant."""
    requests_per_s: float = 0.0
    """Requests a second, on average."""
    burst: UInt32 = 0
    """Requests at once, above the average."""
    in_flight_max: UInt32 = 0
    """Requests that are not final yet."""


class GetQuotaRequest(Message, kw_only=True, gc=False):
    """Asks GetQuota."""

    tenant: str = ""
    """The tenant."""


class GetQuotaResponse(Message, kw_only=True, gc=False):
    """Answers GetQuota."""

    quota: Quota | None = None
    """The quota."""


class SetQuotaRequest(Message, kw_only=True, gc=False):
    """Asks SetQuota."""

    quota: Quota | None = None
    """The quota."""


class SetQuotaResponse(Message, kw_only=True, gc=False):
    """Answers SetQuota."""

    quota: Quota | None = None
    """The quota."""


__all__ = [
    "Accepted",
    "ApiKey",
    "Attach",
    "AttachedBackend",
    "Backend",
    "BackendState",
    "BatchLimits",
    "CallRequest",
    "CallResponse",
    "CancelRequest",
    "CancelResponse",
    "Capabilities",
    "CollectionInfo",
    "CollectionList",
    "Comparison",
    "Condition",
    "ContractEnum",
    "CountVectors",
    "CreateCollection",
    "CreateKeyRequest",
    "CreateKeyResponse",
    "Credit",
    "DType",
    "DeleteBackendRequest",
    "DeleteBackendResponse",
    "DeleteCollection",
    "DeleteVectors",
    "Dependency",
    "Durability",
    "Error",
    "ErrorCode",
    "ExecuteBatch",
    "ExecuteGoAway",
    "ExecuteItem",
    "ExecuteRequest",
    "ExecuteResponse",
    "ExplainRequest",
    "ExplainResponse",
    "FieldViolation",
    "Filter",
    "FilterList",
    "FloatArray",
    "GetBackendRequest",
    "GetBackendResponse",
    "GetCapabilitiesRequest",
    "GetCapabilitiesResponse",
    "GetHealthRequest",
    "GetHealthResponse",
    "GetQuotaRequest",
    "GetQuotaResponse",
    "GetRequest",
    "GetResponse",
    "GetVectors",
    "GoAway",
    "Health",
    "HealthState",
    "InternalRequest",
    "Invoke",
    "ItemResult",
    "Limits",
    "ListBackendsRequest",
    "ListBackendsResponse",
    "ListCollections",
    "ListKeysRequest",
    "ListKeysResponse",
    "ListRequest",
    "ListResponse",
    "Message",
    "Metric",
    "Operation",
    "OperationSpec",
    "Payload",
    "ProbeRequest",
    "ProbeResponse",
    "QueryVectors",
    "Quota",
    "RegisterRequest",
    "RegisterResponse",
    "Reply",
    "RequestEvent",
    "RequestRecord",
    "RequestState",
    "Result",
    "RetryPolicy",
    "RevokeKeyRequest",
    "RevokeKeyResponse",
    "SessionRequest",
    "SessionResponse",
    "SetQuotaRequest",
    "SetQuotaResponse",
    "StageTime",
    "SubmitRequest",
    "SubmitResponse",
    "UpdateBackendRequest",
    "UpdateBackendResponse",
    "UpsertVectors",
    "Vector",
    "VectorCount",
    "VectorMatches",
    "VectorRecords",
    "WaitReason",
    "WatchRequest",
    "WatchResponse",
]
