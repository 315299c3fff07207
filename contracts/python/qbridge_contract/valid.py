# Generated from contracts/proto by `make contracts`; do not edit.
"""The rules of the contract as straight-line code: whether a struct keeps them all, and no more."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import isfinite
from typing import Any

from qbridge_contract import structs as s


def _always(x: Any) -> bool:
    return True


_COLLECTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII).fullmatch
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,126}", re.ASCII).fullmatch
_ID = re.compile(r"req_[0-9A-HJKMNP-TV-Z]{26}", re.ASCII).fullmatch
_BACKEND = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII).fullmatch
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII).fullmatch


def _vector(x: s.Vector) -> bool:
    return len(x.shape) <= 2


def _create_collection(x: s.CreateCollection) -> bool:
    return _COLLECTION(x.collection) is not None and 1 <= x.dimension <= 65536


def _delete_collection(x: s.DeleteCollection) -> bool:
    return _COLLECTION(x.collection) is not None


def _upsert_vectors(x: s.UpsertVectors) -> bool:
    return (
        _COLLECTION(x.collection) is not None
        and 1 <= len(x.ids) <= 10000
        and len(set(x.ids)) == len(x.ids)
        and all([1 <= len(each) <= 256 for each in x.ids])
        and x.vectors is not None
        and _vector(x.vectors)
        and len(x.metadata) <= 10000
    )


def _condition(x: s.Condition) -> bool:
    return 1 <= len(x.key) <= 256


def _filter_list(x: s.FilterList) -> bool:
    return 1 <= len(x.filters) <= 64 and all(map(_filter, x.filters))


def _filter(x: s.Filter) -> bool:
    y: Any
    if (y := x.where) is not None:
        return _condition(y)
    if (y := x.all) is not None:
        return _filter_list(y)
    if (y := x.any) is not None:
        return _filter_list(y)
    if (y := x.not_) is not None:
        return _filter(y)
    return False


def _query_vectors(x: s.QueryVectors) -> bool:
    return (
        _COLLECTION(x.collection) is not None
        and x.queries is not None
        and _vector(x.queries)
        and 1 <= x.top_k <= 1000
        and (x.filter is None or _filter(x.filter))
    )


def _get_vectors(x: s.GetVectors) -> bool:
    return (
        _COLLECTION(x.collection) is not None
        and 1 <= len(x.ids) <= 10000
        and all([1 <= len(each) <= 256 for each in x.ids])
    )


def _delete_vectors(x: s.DeleteVectors) -> bool:
    return (
        _COLLECTION(x.collection) is not None
        and len(x.ids) <= 10000
        and all([1 <= len(each) <= 256 for each in x.ids])
        and (x.filter is None or _filter(x.filter))
    )


def _count_vectors(x: s.CountVectors) -> bool:
    return _COLLECTION(x.collection) is not None and (x.filter is None or _filter(x.filter))


def _vector_matches(x: s.VectorMatches) -> bool:
    return x.vectors is None or _vector(x.vectors)


def _vector_records(x: s.VectorRecords) -> bool:
    return x.vectors is None or _vector(x.vectors)


def _payload(x: s.Payload) -> bool:
    return len(x.content_type) <= 255


def _invoke(x: s.Invoke) -> bool:
    return _NAME(x.name) is not None and (x.payload is None or _payload(x.payload))


def _operation(x: s.Operation) -> bool:
    y: Any
    if (y := x.invoke) is not None:
        return _invoke(y)
    if (y := x.create_collection) is not None:
        return _create_collection(y)
    if (y := x.delete_collection) is not None:
        return _delete_collection(y)
    if (y := x.list_collections) is not None:
        return True
    if (y := x.upsert) is not None:
        return _upsert_vectors(y)
    if (y := x.query) is not None:
        return _query_vectors(y)
    if (y := x.get) is not None:
        return _get_vectors(y)
    if (y := x.delete) is not None:
        return _delete_vectors(y)
    if (y := x.count) is not None:
        return _count_vectors(y)
    return False


def _reply(x: s.Reply) -> bool:
    y: Any
    if (y := x.payload) is not None:
        return _payload(y)
    if (y := x.matches) is not None:
        return _vector_matches(y)
    if (y := x.records) is not None:
        return _vector_records(y)
    if (y := x.count) is not None:
        return True
    if (y := x.collection) is not None:
        return True
    if (y := x.collections) is not None:
        return True
    return True


def _retry_policy(x: s.RetryPolicy) -> bool:
    return (x.crashes_max is None or x.crashes_max <= 100) and (x.errors_max is None or x.errors_max <= 100)


def _internal_request(x: s.InternalRequest) -> bool:
    return (
        (not x.id or _ID(x.id) is not None)
        and (not x.backend or _BACKEND(x.backend) is not None)
        and x.operation is not None
        and _operation(x.operation)
        and (x.priority is None or x.priority <= 9)
        and 0.0 <= x.timeout_s <= 31536000.0
        and len(x.idempotency_key) <= 255
        and (x.retry is None or _retry_policy(x.retry))
        and (
            not x.labels
            or (
                len(x.labels) <= 32
                and all([1 <= len(each) <= 63 for each in x.labels])
                and all([len(each) <= 255 for each in x.labels.values()])
            )
        )
        and (not x.traceparent or _TRACEPARENT(x.traceparent) is not None)
    )


def _result(x: s.Result) -> bool:
    return x.reply is None or _reply(x.reply)


def _request_record(x: s.RequestRecord) -> bool:
    return (x.request is None or _internal_request(x.request)) and (x.result is None or _result(x.result))


def _request_event(x: s.RequestEvent) -> bool:
    return x.result is None or _result(x.result)


def _batch_limits(x: s.BatchLimits) -> bool:
    return x.size_max <= 1024 and 0.0 <= x.wait_s_max <= 60.0 and x.in_flight_max <= 64


def _operation_spec(x: s.OperationSpec) -> bool:
    return 1 <= len(x.name) <= 135 and len(x.description) <= 1024


def _backend(x: s.Backend) -> bool:
    return (
        _BACKEND(x.name) is not None
        and len(x.kind) <= 63
        and len(x.description) <= 1024
        and len(x.operations) <= 256
        and all(map(_operation_spec, x.operations))
        and (x.batch is None or _batch_limits(x.batch))
        and (
            not x.labels
            or (
                len(x.labels) <= 32
                and all([1 <= len(each) <= 63 for each in x.labels])
                and all([len(each) <= 255 for each in x.labels.values()])
            )
        )
    )


def _register_request(x: s.RegisterRequest) -> bool:
    return x.backend is not None and _backend(x.backend)


def _register_response(x: s.RegisterResponse) -> bool:
    return x.backend is None or _backend(x.backend)


def _get_backend_request(x: s.GetBackendRequest) -> bool:
    return _BACKEND(x.name) is not None


def _get_backend_response(x: s.GetBackendResponse) -> bool:
    return x.backend is None or _backend(x.backend)


def _list_backends_request(x: s.ListBackendsRequest) -> bool:
    return x.page_size <= 1000 and len(x.page_token) <= 512


def _list_backends_response(x: s.ListBackendsResponse) -> bool:
    return all(map(_backend, x.backends))


def _update_backend_request(x: s.UpdateBackendRequest) -> bool:
    return (
        _BACKEND(x.name) is not None
        and (x.description is None or len(x.description) <= 1024)
        and (x.batch is None or _batch_limits(x.batch))
        and (
            not x.labels
            or (
                len(x.labels) <= 32
                and all([1 <= len(each) <= 63 for each in x.labels])
                and all([len(each) <= 255 for each in x.labels.values()])
            )
        )
    )


def _update_backend_response(x: s.UpdateBackendResponse) -> bool:
    return x.backend is None or _backend(x.backend)


def _delete_backend_request(x: s.DeleteBackendRequest) -> bool:
    return _BACKEND(x.name) is not None


def _probe_request(x: s.ProbeRequest) -> bool:
    return _BACKEND(x.name) is not None


def _attach(x: s.Attach) -> bool:
    return _BACKEND(x.backend) is not None and x.window <= 64


def _item_result(x: s.ItemResult) -> bool:
    return (
        1 <= len(x.request_id) <= 64
        and (x.reply is None or _reply(x.reply))
        and (x.reply is not None or x.error is not None)
    )


def _execute_request(x: s.ExecuteRequest) -> bool:
    return (
        (x.attach is None or _attach(x.attach))
        and len(x.results) <= 1024
        and all(map(_item_result, x.results))
    )


def _execute_item(x: s.ExecuteItem) -> bool:
    return x.operation is None or _operation(x.operation)


def _execute_batch(x: s.ExecuteBatch) -> bool:
    return all(map(_execute_item, x.items))


def _execute_response(x: s.ExecuteResponse) -> bool:
    y: Any
    if (y := x.attached) is not None:
        return _attached_backend(y)
    if (y := x.batch) is not None:
        return _execute_batch(y)
    if (y := x.go_away) is not None:
        return True
    return True


def _attached_backend(x: s.AttachedBackend) -> bool:
    return x.backend is None or _backend(x.backend)


def _submit_request(x: s.SubmitRequest) -> bool:
    return x.request is not None and _internal_request(x.request)


def _call_request(x: s.CallRequest) -> bool:
    return x.request is not None and _internal_request(x.request)


def _call_response(x: s.CallResponse) -> bool:
    return x.result is None or _result(x.result)


def _session_request(x: s.SessionRequest) -> bool:
    return len(x.submits) <= 1024 and all(map(_internal_request, x.submits)) and len(x.cancels) <= 1024


def _session_response(x: s.SessionResponse) -> bool:
    return all(map(_result, x.results))


def _get_request(x: s.GetRequest) -> bool:
    return 1 <= len(x.request_id) <= 64 and 0.0 <= x.wait_s <= 60.0


def _get_response(x: s.GetResponse) -> bool:
    return x.record is None or _request_record(x.record)


def _watch_request(x: s.WatchRequest) -> bool:
    return 1 <= len(x.request_id) <= 64


def _watch_response(x: s.WatchResponse) -> bool:
    return x.event is None or _request_event(x.event)


def _list_request(x: s.ListRequest) -> bool:
    return len(x.backend) <= 63 and x.page_size <= 1000 and len(x.page_token) <= 512


def _list_response(x: s.ListResponse) -> bool:
    return all(map(_request_record, x.records))


def _cancel_request(x: s.CancelRequest) -> bool:
    return 1 <= len(x.request_id) <= 64


def _cancel_response(x: s.CancelResponse) -> bool:
    return x.record is None or _request_record(x.record)


def _explain_request(x: s.ExplainRequest) -> bool:
    return 1 <= len(x.request_id) <= 64


def _create_key_request(x: s.CreateKeyRequest) -> bool:
    return (
        1 <= len(x.name) <= 100
        and _BACKEND(x.tenant) is not None
        and len(x.scopes) >= 1
        and len(set(x.scopes)) == len(x.scopes)
        and all([each in ("call", "backend", "admin") for each in x.scopes])
        and 0.0 <= x.ttl_s <= 3153600000.0
    )


def _list_keys_request(x: s.ListKeysRequest) -> bool:
    return x.page_size <= 1000 and len(x.page_token) <= 512


def _revoke_key_request(x: s.RevokeKeyRequest) -> bool:
    return 1 <= len(x.key_id) <= 64


def _quota(x: s.Quota) -> bool:
    return _BACKEND(x.tenant) is not None and x.requests_per_s >= 0.0 and isfinite(x.requests_per_s)


def _get_quota_request(x: s.GetQuotaRequest) -> bool:
    return _BACKEND(x.tenant) is not None


def _get_quota_response(x: s.GetQuotaResponse) -> bool:
    return x.quota is None or _quota(x.quota)


def _set_quota_request(x: s.SetQuotaRequest) -> bool:
    return x.quota is not None and _quota(x.quota)


def _set_quota_response(x: s.SetQuotaResponse) -> bool:
    return x.quota is None or _quota(x.quota)


VALID: dict[type, Callable[[Any], bool]] = {
    s.FieldViolation: _always,
    s.Error: _always,
    s.FloatArray: _always,
    s.Vector: _vector,
    s.CreateCollection: _create_collection,
    s.DeleteCollection: _delete_collection,
    s.ListCollections: _always,
    s.UpsertVectors: _upsert_vectors,
    s.Condition: _condition,
    s.FilterList: _filter_list,
    s.Filter: _filter,
    s.QueryVectors: _query_vectors,
    s.GetVectors: _get_vectors,
    s.DeleteVectors: _delete_vectors,
    s.CountVectors: _count_vectors,
    s.CollectionInfo: _always,
    s.CollectionList: _always,
    s.VectorMatches: _vector_matches,
    s.VectorRecords: _vector_records,
    s.VectorCount: _always,
    s.Payload: _payload,
    s.Invoke: _invoke,
    s.Operation: _operation,
    s.Reply: _reply,
    s.RetryPolicy: _retry_policy,
    s.InternalRequest: _internal_request,
    s.Accepted: _always,
    s.Result: _result,
    s.RequestRecord: _request_record,
    s.RequestEvent: _request_event,
    s.BatchLimits: _batch_limits,
    s.OperationSpec: _operation_spec,
    s.Backend: _backend,
    s.RegisterRequest: _register_request,
    s.RegisterResponse: _register_response,
    s.GetBackendRequest: _get_backend_request,
    s.GetBackendResponse: _get_backend_response,
    s.ListBackendsRequest: _list_backends_request,
    s.ListBackendsResponse: _list_backends_response,
    s.UpdateBackendRequest: _update_backend_request,
    s.UpdateBackendResponse: _update_backend_response,
    s.DeleteBackendRequest: _delete_backend_request,
    s.DeleteBackendResponse: _always,
    s.ProbeRequest: _probe_request,
    s.ProbeResponse: _always,
    s.Attach: _attach,
    s.ItemResult: _item_result,
    s.ExecuteRequest: _execute_request,
    s.ExecuteItem: _execute_item,
    s.ExecuteBatch: _execute_batch,
    s.ExecuteResponse: _execute_response,
    s.AttachedBackend: _attached_backend,
    s.ExecuteGoAway: _always,
    s.SubmitRequest: _submit_request,
    s.SubmitResponse: _always,
    s.CallRequest: _call_request,
    s.CallResponse: _call_response,
    s.SessionRequest: _session_request,
    s.Credit: _always,
    s.GoAway: _always,
    s.SessionResponse: _session_response,
    s.GetRequest: _get_request,
    s.GetResponse: _get_response,
    s.WatchRequest: _watch_request,
    s.WatchResponse: _watch_response,
    s.ListRequest: _list_request,
    s.ListResponse: _list_response,
    s.CancelRequest: _cancel_request,
    s.CancelResponse: _cancel_response,
    s.ExplainRequest: _explain_request,
    s.StageTime: _always,
    s.ExplainResponse: _always,
    s.GetCapabilitiesRequest: _always,
    s.Limits: _always,
    s.Capabilities: _always,
    s.GetCapabilitiesResponse: _always,
    s.GetHealthRequest: _always,
    s.Dependency: _always,
    s.Health: _always,
    s.GetHealthResponse: _always,
    s.ApiKey: _always,
    s.CreateKeyRequest: _create_key_request,
    s.CreateKeyResponse: _always,
    s.ListKeysRequest: _list_keys_request,
    s.ListKeysResponse: _always,
    s.RevokeKeyRequest: _revoke_key_request,
    s.RevokeKeyResponse: _always,
    s.Quota: _quota,
    s.GetQuotaRequest: _get_quota_request,
    s.GetQuotaResponse: _get_quota_response,
    s.SetQuotaRequest: _set_quota_request,
    s.SetQuotaResponse: _set_quota_response,
}
"""True where a struct that `json` or `convert` has made keeps every rule of the contract."""
