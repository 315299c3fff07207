# Generated from contracts/proto by `make contracts`; do not edit.
"""The fields of each message as data."""

from __future__ import annotations

from typing import NamedTuple

from qbridge_contract import structs as s


class Shape(NamedTuple):
    """A field: its names, its kind, and the message or enum that it holds."""

    name: str
    json_name: str
    kind: str
    """message, enum, int, wide (64 bits), float, bytes, value, or plain for what JSON says as it is."""
    type: type | None = None
    repeated: bool = False
    presence: bool = False
    """True where a default value is written out, because its field may also be missing."""


SHAPES: dict[type, tuple[Shape, ...]] = {
    s.FieldViolation: (
        Shape("field", "field", "plain"),
        Shape("rule", "rule", "plain"),
        Shape("message", "message", "plain"),
    ),
    s.Error: (
        Shape("code", "code", "enum", s.ErrorCode),
        Shape("message", "message", "plain"),
        Shape("retryable", "retryable", "plain"),
        Shape("retry_after_s", "retryAfterS", "float"),
        Shape("violations", "violations", "message", s.FieldViolation, repeated=True),
        Shape("trace_id", "traceId", "plain"),
    ),
    s.FloatArray: (Shape("items", "items", "float", repeated=True),),
    s.Vector: (
        Shape("f32le", "f32le", "bytes", presence=True),
        Shape("values", "values", "message", s.FloatArray, presence=True),
        Shape("shape", "shape", "int", repeated=True),
        Shape("dtype", "dtype", "enum", s.DType),
    ),
    s.CreateCollection: (
        Shape("collection", "collection", "plain"),
        Shape("dimension", "dimension", "int"),
        Shape("metric", "metric", "enum", s.Metric),
        Shape("exist_ok", "existOk", "plain"),
    ),
    s.DeleteCollection: (Shape("collection", "collection", "plain"),),
    s.ListCollections: (),
    s.UpsertVectors: (
        Shape("collection", "collection", "plain"),
        Shape("ids", "ids", "plain", repeated=True),
        Shape("vectors", "vectors", "message", s.Vector, presence=True),
        Shape("metadata", "metadata", "plain", repeated=True),
    ),
    s.Condition: (
        Shape("key", "key", "plain"),
        Shape("comparison", "comparison", "enum", s.Comparison),
        Shape("value", "value", "value", presence=True),
    ),
    s.FilterList: (Shape("filters", "filters", "message", s.Filter, repeated=True),),
    s.Filter: (
        Shape("where", "where", "message", s.Condition, presence=True),
        Shape("all", "all", "message", s.FilterList, presence=True),
        Shape("any", "any", "message", s.FilterList, presence=True),
        Shape("not_", "not", "message", s.Filter, presence=True),
    ),
    s.QueryVectors: (
        Shape("collection", "collection", "plain"),
        Shape("queries", "queries", "message", s.Vector, presence=True),
        Shape("top_k", "topK", "int"),
        Shape("filter", "filter", "message", s.Filter, presence=True),
        Shape("include_metadata", "includeMetadata", "plain"),
        Shape("include_vectors", "includeVectors", "plain"),
    ),
    s.GetVectors: (
        Shape("collection", "collection", "plain"),
        Shape("ids", "ids", "plain", repeated=True),
    ),
    s.DeleteVectors: (
        Shape("collection", "collection", "plain"),
        Shape("ids", "ids", "plain", repeated=True),
        Shape("filter", "filter", "message", s.Filter, presence=True),
    ),
    s.CountVectors: (
        Shape("collection", "collection", "plain"),
        Shape("filter", "filter", "message", s.Filter, presence=True),
    ),
    s.CollectionInfo: (
        Shape("collection", "collection", "plain"),
        Shape("dimension", "dimension", "int"),
        Shape("metric", "metric", "enum", s.Metric),
        Shape("count", "count", "int"),
    ),
    s.CollectionList: (Shape("collections", "collections", "message", s.CollectionInfo, repeated=True),),
    s.VectorMatches: (
        Shape("ids", "ids", "plain", repeated=True),
        Shape("distances", "distances", "float", repeated=True),
        Shape("counts", "counts", "int", repeated=True),
        Shape("metadata", "metadata", "plain", repeated=True),
        Shape("vectors", "vectors", "message", s.Vector, presence=True),
    ),
    s.VectorRecords: (
        Shape("ids", "ids", "plain", repeated=True),
        Shape("vectors", "vectors", "message", s.Vector, presence=True),
        Shape("metadata", "metadata", "plain", repeated=True),
    ),
    s.VectorCount: (Shape("count", "count", "int"),),
    s.Payload: (
        Shape("data", "data", "bytes", presence=True),
        Shape("json", "json", "value", presence=True),
        Shape("text", "text", "plain", presence=True),
        Shape("content_type", "contentType", "plain"),
    ),
    s.Invoke: (
        Shape("name", "name", "plain"),
        Shape("payload", "payload", "message", s.Payload, presence=True),
        Shape("no_side_effects", "noSideEffects", "plain"),
    ),
    s.Operation: (
        Shape("invoke", "invoke", "message", s.Invoke, presence=True),
        Shape("create_collection", "createCollection", "message", s.CreateCollection, presence=True),
        Shape("delete_collection", "deleteCollection", "message", s.DeleteCollection, presence=True),
        Shape("list_collections", "listCollections", "message", s.ListCollections, presence=True),
        Shape("upsert", "upsert", "message", s.UpsertVectors, presence=True),
        Shape("query", "query", "message", s.QueryVectors, presence=True),
        Shape("get", "get", "message", s.GetVectors, presence=True),
        Shape("delete", "delete", "message", s.DeleteVectors, presence=True),
        Shape("count", "count", "message", s.CountVectors, presence=True),
    ),
    s.Reply: (
        Shape("payload", "payload", "message", s.Payload, presence=True),
        Shape("matches", "matches", "message", s.VectorMatches, presence=True),
        Shape("records", "records", "message", s.VectorRecords, presence=True),
        Shape("count", "count", "message", s.VectorCount, presence=True),
        Shape("collection", "collection", "message", s.CollectionInfo, presence=True),
        Shape("collections", "collections", "message", s.CollectionList, presence=True),
    ),
    s.RetryPolicy: (
        Shape("crashes_max", "crashesMax", "int", presence=True),
        Shape("errors_max", "errorsMax", "int", presence=True),
    ),
    s.InternalRequest: (
        Shape("id", "id", "plain"),
        Shape("backend", "backend", "plain"),
        Shape("operation", "operation", "message", s.Operation, presence=True),
        Shape("durability", "durability", "enum", s.Durability),
        Shape("priority", "priority", "int", presence=True),
        Shape("deadline", "deadline", "plain", presence=True),
        Shape("timeout_s", "timeoutS", "float"),
        Shape("idempotency_key", "idempotencyKey", "plain"),
        Shape("retry", "retry", "message", s.RetryPolicy, presence=True),
        Shape("labels", "labels", "plain"),
        Shape("traceparent", "traceparent", "plain"),
    ),
    s.Accepted: (
        Shape("request_id", "requestId", "plain"),
        Shape("durability", "durability", "enum", s.Durability),
        Shape("replayed", "replayed", "plain"),
        Shape("trace_id", "traceId", "plain"),
    ),
    s.Result: (
        Shape("request_id", "requestId", "plain"),
        Shape("state", "state", "enum", s.RequestState),
        Shape("reply", "reply", "message", s.Reply, presence=True),
        Shape("error", "error", "message", s.Error, presence=True),
        Shape("attempts", "attempts", "int"),
        Shape("replayed", "replayed", "plain"),
        Shape("trace_id", "traceId", "plain"),
    ),
    s.RequestRecord: (
        Shape("request", "request", "message", s.InternalRequest, presence=True),
        Shape("state", "state", "enum", s.RequestState),
        Shape("result", "result", "message", s.Result, presence=True),
        Shape("lane", "lane", "plain"),
        Shape("attempts", "attempts", "int"),
        Shape("durability", "durability", "enum", s.Durability),
        Shape("created_at", "createdAt", "plain", presence=True),
        Shape("updated_at", "updatedAt", "plain", presence=True),
        Shape("redrive_of", "redriveOf", "plain"),
    ),
    s.RequestEvent: (
        Shape("request_id", "requestId", "plain"),
        Shape("sequence", "sequence", "int"),
        Shape("state", "state", "enum", s.RequestState),
        Shape("at", "at", "plain", presence=True),
        Shape("result", "result", "message", s.Result, presence=True),
    ),
    s.BatchLimits: (
        Shape("size_max", "sizeMax", "int"),
        Shape("wait_s_max", "waitSMax", "float"),
        Shape("in_flight_max", "inFlightMax", "int"),
    ),
    s.OperationSpec: (
        Shape("name", "name", "plain"),
        Shape("description", "description", "plain"),
    ),
    s.Backend: (
        Shape("name", "name", "plain"),
        Shape("kind", "kind", "plain"),
        Shape("description", "description", "plain"),
        Shape("operations", "operations", "message", s.OperationSpec, repeated=True),
        Shape("batch", "batch", "message", s.BatchLimits, presence=True),
        Shape("labels", "labels", "plain"),
        Shape("state", "state", "enum", s.BackendState),
        Shape("connections", "connections", "int"),
        Shape("version", "version", "int"),
        Shape("created_at", "createdAt", "plain", presence=True),
    ),
    s.RegisterRequest: (Shape("backend", "backend", "message", s.Backend, presence=True),),
    s.RegisterResponse: (Shape("backend", "backend", "message", s.Backend, presence=True),),
    s.GetBackendRequest: (Shape("name", "name", "plain"),),
    s.GetBackendResponse: (Shape("backend", "backend", "message", s.Backend, presence=True),),
    s.ListBackendsRequest: (
        Shape("page_size", "pageSize", "int"),
        Shape("page_token", "pageToken", "plain"),
    ),
    s.ListBackendsResponse: (
        Shape("backends", "backends", "message", s.Backend, repeated=True),
        Shape("next_page_token", "nextPageToken", "plain"),
    ),
    s.UpdateBackendRequest: (
        Shape("name", "name", "plain"),
        Shape("description", "description", "plain", presence=True),
        Shape("batch", "batch", "message", s.BatchLimits, presence=True),
        Shape("labels", "labels", "plain"),
        Shape("expected_version", "expectedVersion", "int"),
    ),
    s.UpdateBackendResponse: (Shape("backend", "backend", "message", s.Backend, presence=True),),
    s.DeleteBackendRequest: (Shape("name", "name", "plain"),),
    s.DeleteBackendResponse: (),
    s.ProbeRequest: (Shape("name", "name", "plain"),),
    s.ProbeResponse: (
        Shape("state", "state", "enum", s.BackendState),
        Shape("detail", "detail", "plain"),
        Shape("latency_s", "latencyS", "float"),
    ),
    s.Attach: (
        Shape("backend", "backend", "plain"),
        Shape("window", "window", "int"),
    ),
    s.ItemResult: (
        Shape("request_id", "requestId", "plain"),
        Shape("epoch", "epoch", "wide"),
        Shape("reply", "reply", "message", s.Reply, presence=True),
        Shape("error", "error", "message", s.Error, presence=True),
    ),
    s.ExecuteRequest: (
        Shape("attach", "attach", "message", s.Attach, presence=True),
        Shape("results", "results", "message", s.ItemResult, repeated=True),
        Shape("leaving", "leaving", "plain"),
    ),
    s.ExecuteItem: (
        Shape("request_id", "requestId", "plain"),
        Shape("epoch", "epoch", "wide"),
        Shape("operation", "operation", "message", s.Operation, presence=True),
        Shape("traceparent", "traceparent", "plain"),
        Shape("deadline", "deadline", "plain", presence=True),
        Shape("attempt", "attempt", "int"),
        Shape("effect_key", "effectKey", "plain"),
        Shape("labels", "labels", "plain"),
    ),
    s.ExecuteBatch: (
        Shape("items", "items", "message", s.ExecuteItem, repeated=True),
        Shape("lease_s", "leaseS", "float"),
    ),
    s.ExecuteResponse: (
        Shape("attached", "attached", "message", s.AttachedBackend, presence=True),
        Shape("batch", "batch", "message", s.ExecuteBatch, presence=True),
        Shape("go_away", "goAway", "message", s.ExecuteGoAway, presence=True),
    ),
    s.AttachedBackend: (Shape("backend", "backend", "message", s.Backend, presence=True),),
    s.ExecuteGoAway: (Shape("error", "error", "message", s.Error, presence=True),),
    s.SubmitRequest: (Shape("request", "request", "message", s.InternalRequest, presence=True),),
    s.SubmitResponse: (Shape("accepted", "accepted", "message", s.Accepted, presence=True),),
    s.CallRequest: (Shape("request", "request", "message", s.InternalRequest, presence=True),),
    s.CallResponse: (Shape("result", "result", "message", s.Result, presence=True),),
    s.SessionRequest: (
        Shape("submits", "submits", "message", s.InternalRequest, repeated=True),
        Shape("cancels", "cancels", "plain", repeated=True),
    ),
    s.Credit: (
        Shape("items", "items", "int"),
        Shape("bytes", "bytes", "int"),
    ),
    s.GoAway: (Shape("error", "error", "message", s.Error, presence=True),),
    s.SessionResponse: (
        Shape("accepted", "accepted", "message", s.Accepted, repeated=True),
        Shape("results", "results", "message", s.Result, repeated=True),
        Shape("credit", "credit", "message", s.Credit, presence=True),
        Shape("go_away", "goAway", "message", s.GoAway, presence=True),
    ),
    s.GetRequest: (
        Shape("request_id", "requestId", "plain"),
        Shape("wait_s", "waitS", "float"),
    ),
    s.GetResponse: (Shape("record", "record", "message", s.RequestRecord, presence=True),),
    s.WatchRequest: (
        Shape("request_id", "requestId", "plain"),
        Shape("after_sequence", "afterSequence", "int"),
    ),
    s.WatchResponse: (Shape("event", "event", "message", s.RequestEvent, presence=True),),
    s.ListRequest: (
        Shape("backend", "backend", "plain"),
        Shape("state", "state", "enum", s.RequestState),
        Shape("page_size", "pageSize", "int"),
        Shape("page_token", "pageToken", "plain"),
    ),
    s.ListResponse: (
        Shape("records", "records", "message", s.RequestRecord, repeated=True),
        Shape("next_page_token", "nextPageToken", "plain"),
    ),
    s.CancelRequest: (Shape("request_id", "requestId", "plain"),),
    s.CancelResponse: (Shape("record", "record", "message", s.RequestRecord, presence=True),),
    s.ExplainRequest: (Shape("request_id", "requestId", "plain"),),
    s.StageTime: (
        Shape("stage", "stage", "plain"),
        Shape("started_at", "startedAt", "plain", presence=True),
        Shape("duration_us", "durationUs", "float"),
    ),
    s.ExplainResponse: (
        Shape("request_id", "requestId", "plain"),
        Shape("state", "state", "enum", s.RequestState),
        Shape("reason", "reason", "enum", s.WaitReason),
        Shape("sentence", "sentence", "plain"),
        Shape("lane", "lane", "plain"),
        Shape("ahead", "ahead", "int"),
        Shape("depth", "depth", "int"),
        Shape("durability", "durability", "enum", s.Durability),
        Shape("lost_by", "lostBy", "plain"),
        Shape("batch_size", "batchSize", "int"),
        Shape("dispatch_reason", "dispatchReason", "plain"),
        Shape("transport", "transport", "plain"),
        Shape("stages", "stages", "message", s.StageTime, repeated=True),
    ),
    s.GetCapabilitiesRequest: (),
    s.Limits: (
        Shape("message_bytes_max", "messageBytesMax", "int"),
        Shape("frame_items_max", "frameItemsMax", "int"),
        Shape("session_items_max", "sessionItemsMax", "int"),
        Shape("lane_items_max", "laneItemsMax", "int"),
        Shape("batch_items_max", "batchItemsMax", "int"),
        Shape("top_k_max", "topKMax", "int"),
        Shape("timeout_s_default", "timeoutSDefault", "float"),
        Shape("result_ttl_s", "resultTtlS", "float"),
    ),
    s.Capabilities: (
        Shape("contract_version", "contractVersion", "plain"),
        Shape("product", "product", "plain"),
        Shape("profiles", "profiles", "plain", repeated=True),
        Shape("transports", "transports", "plain", repeated=True),
        Shape("durabilities", "durabilities", "enum", s.Durability, repeated=True),
        Shape("limits", "limits", "message", s.Limits, presence=True),
        Shape("authentication", "authentication", "plain"),
        Shape("faults", "faults", "plain", repeated=True),
    ),
    s.GetCapabilitiesResponse: (
        Shape("capabilities", "capabilities", "message", s.Capabilities, presence=True),
    ),
    s.GetHealthRequest: (),
    s.Dependency: (
        Shape("name", "name", "plain"),
        Shape("state", "state", "enum", s.HealthState),
        Shape("detail", "detail", "plain"),
    ),
    s.Health: (
        Shape("state", "state", "enum", s.HealthState),
        Shape("dependencies", "dependencies", "message", s.Dependency, repeated=True),
        Shape("uptime_s", "uptimeS", "float"),
    ),
    s.GetHealthResponse: (Shape("health", "health", "message", s.Health, presence=True),),
    s.ApiKey: (
        Shape("key_id", "keyId", "plain"),
        Shape("name", "name", "plain"),
        Shape("tenant", "tenant", "plain"),
        Shape("scopes", "scopes", "plain", repeated=True),
        Shape("created_at", "createdAt", "plain", presence=True),
        Shape("expires_at", "expiresAt", "plain", presence=True),
        Shape("revoked", "revoked", "plain"),
    ),
    s.CreateKeyRequest: (
        Shape("name", "name", "plain"),
        Shape("tenant", "tenant", "plain"),
        Shape("scopes", "scopes", "plain", repeated=True),
        Shape("ttl_s", "ttlS", "float"),
    ),
    s.CreateKeyResponse: (
        Shape("key", "key", "message", s.ApiKey, presence=True),
        Shape("secret", "secret", "plain"),
    ),
    s.ListKeysRequest: (
        Shape("page_size", "pageSize", "int"),
        Shape("page_token", "pageToken", "plain"),
    ),
    s.ListKeysResponse: (
        Shape("keys", "keys", "message", s.ApiKey, repeated=True),
        Shape("next_page_token", "nextPageToken", "plain"),
    ),
    s.RevokeKeyRequest: (Shape("key_id", "keyId", "plain"),),
    s.RevokeKeyResponse: (),
    s.Quota: (
        Shape("tenant", "tenant", "plain"),
        Shape("requests_per_s", "requestsPerS", "float"),
        Shape("burst", "burst", "int"),
        Shape("in_flight_max", "inFlightMax", "int"),
    ),
    s.GetQuotaRequest: (Shape("tenant", "tenant", "plain"),),
    s.GetQuotaResponse: (Shape("quota", "quota", "message", s.Quota, presence=True),),
    s.SetQuotaRequest: (Shape("quota", "quota", "message", s.Quota, presence=True),),
    s.SetQuotaResponse: (Shape("quota", "quota", "message", s.Quota, presence=True),),
}
