# Generated from contracts/proto by `make contracts`; do not edit.
"""Checks beside msgspec: oneofs, nesting, numbers that JSON has no literal for."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any

from msgspec import UNSET
from qbridge_contract import structs as s
from qbridge_contract._bounds import DEPTH_MAX, FLOAT32_MAX


def too_deep(value: Any, depth: int = 0) -> bool:
    """True where lists and objects nest more than DEPTH_MAX deep."""
    kind = type(value)
    if kind is not dict and kind is not list:
        return False
    if depth >= DEPTH_MAX:
        return True
    inside = value.values() if kind is dict else value
    return any(too_deep(each, depth + 1) for each in inside if type(each) is dict or type(each) is list)


def _clash(oneof: str, *members: tuple[str, Any]) -> str:
    given = [name for name, value in members if value is not None and value is not UNSET]
    if len(given) < 2:
        return ""
    return f": {' and '.join(given)} are both given, but only one member of {oneof} may be"


def _float_array(x: s.FloatArray) -> str:
    if x.items and not (min(x.items) >= -FLOAT32_MAX and max(x.items) <= FLOAT32_MAX):
        for at, number in enumerate(x.items):
            if isfinite(number) and abs(number) > FLOAT32_MAX:
                return f".items[{at}]: does not fit a float32"
    return ""


def _vector(x: s.Vector) -> str:
    if (x.f32le is not None) + (x.values is not None) > 1:
        return _clash("data", ("f32le", x.f32le), ("values", x.values))
    if x.values is not None and (fault := _float_array(x.values)):
        return f".values{fault}"
    return ""


def _upsert_vectors(x: s.UpsertVectors) -> str:
    if x.vectors is not None and (fault := _vector(x.vectors)):
        return f".vectors{fault}"
    if too_deep(x.metadata):
        return ".metadata: nests too deep"
    return ""


def _condition(x: s.Condition) -> str:
    if too_deep(x.value):
        return ".value: nests too deep"
    return ""


def _filter_list(x: s.FilterList, depth: int = 0) -> str:
    if depth > DEPTH_MAX:
        return f": nests more than {DEPTH_MAX} deep"
    for at, each in enumerate(x.filters):
        if fault := _filter(each, depth + 1):
            return f".filters[{at}]{fault}"
    return ""


def _filter(x: s.Filter, depth: int = 0) -> str:
    if depth > DEPTH_MAX:
        return f": nests more than {DEPTH_MAX} deep"
    if (x.where is not None) + (x.all is not None) + (x.any is not None) + (x.not_ is not None) > 1:
        return _clash("kind", ("where", x.where), ("all", x.all), ("any", x.any), ("not", x.not_))
    if x.where is not None and (fault := _condition(x.where)):
        return f".where{fault}"
    if x.all is not None and (fault := _filter_list(x.all, depth + 1)):
        return f".all{fault}"
    if x.any is not None and (fault := _filter_list(x.any, depth + 1)):
        return f".any{fault}"
    if x.not_ is not None and (fault := _filter(x.not_, depth + 1)):
        return f".not{fault}"
    return ""


def _query_vectors(x: s.QueryVectors) -> str:
    if x.queries is not None and (fault := _vector(x.queries)):
        return f".queries{fault}"
    if x.filter is not None and (fault := _filter(x.filter)):
        return f".filter{fault}"
    return ""


def _delete_vectors(x: s.DeleteVectors) -> str:
    if x.filter is not None and (fault := _filter(x.filter)):
        return f".filter{fault}"
    return ""


def _count_vectors(x: s.CountVectors) -> str:
    if x.filter is not None and (fault := _filter(x.filter)):
        return f".filter{fault}"
    return ""


def _vector_matches(x: s.VectorMatches) -> str:
    if x.distances and not (min(x.distances) >= -FLOAT32_MAX and max(x.distances) <= FLOAT32_MAX):
        for at, number in enumerate(x.distances):
            if isfinite(number) and abs(number) > FLOAT32_MAX:
                return f".distances[{at}]: does not fit a float32"
    if too_deep(x.metadata):
        return ".metadata: nests too deep"
    if x.vectors is not None and (fault := _vector(x.vectors)):
        return f".vectors{fault}"
    return ""


def _vector_records(x: s.VectorRecords) -> str:
    if x.vectors is not None and (fault := _vector(x.vectors)):
        return f".vectors{fault}"
    if too_deep(x.metadata):
        return ".metadata: nests too deep"
    return ""


def _payload(x: s.Payload) -> str:
    if (x.data is not None) + (x.json is not UNSET) + (x.text is not None) > 1:
        return _clash("body", ("data", x.data), ("json", x.json), ("text", x.text))
    if too_deep(x.json):
        return ".json: nests too deep"
    return ""


def _invoke(x: s.Invoke) -> str:
    if x.payload is not None and (fault := _payload(x.payload)):
        return f".payload{fault}"
    return ""


def _operation(x: s.Operation) -> str:
    if (x.invoke is not None) + (x.create_collection is not None) + (x.delete_collection is not None) + (
        x.list_collections is not None
    ) + (x.upsert is not None) + (x.query is not None) + (x.get is not None) + (x.delete is not None) + (
        x.count is not None
    ) > 1:
        return _clash(
            "kind",
            ("invoke", x.invoke),
            ("createCollection", x.create_collection),
            ("deleteCollection", x.delete_collection),
            ("listCollections", x.list_collections),
            ("upsert", x.upsert),
            ("query", x.query),
            ("get", x.get),
            ("delete", x.delete),
            ("count", x.count),
        )
    if x.invoke is not None and (fault := _invoke(x.invoke)):
        return f".invoke{fault}"
    if x.upsert is not None and (fault := _upsert_vectors(x.upsert)):
        return f".upsert{fault}"
    if x.query is not None and (fault := _query_vectors(x.query)):
        return f".query{fault}"
    if x.delete is not None and (fault := _delete_vectors(x.delete)):
        return f".delete{fault}"
    if x.count is not None and (fault := _count_vectors(x.count)):
        return f".count{fault}"
    return ""


def _reply(x: s.Reply) -> str:
    if (x.payload is not None) + (x.matches is not None) + (x.records is not None) + (x.count is not None) + (
        x.collection is not None
    ) + (x.collections is not None) > 1:
        return _clash(
            "kind",
            ("payload", x.payload),
            ("matches", x.matches),
            ("records", x.records),
            ("count", x.count),
            ("collection", x.collection),
            ("collections", x.collections),
        )
    if x.payload is not None and (fault := _payload(x.payload)):
        return f".payload{fault}"
    if x.matches is not None and (fault := _vector_matches(x.matches)):
        return f".matches{fault}"
    if x.records is not None and (fault := _vector_records(x.records)):
        return f".records{fault}"
    return ""


def _internal_request(x: s.InternalRequest) -> str:
    if x.operation is not None and (fault := _operation(x.operation)):
        return f".operation{fault}"
    return ""


def _result(x: s.Result) -> str:
    if x.reply is not None and (fault := _reply(x.reply)):
        return f".reply{fault}"
    return ""


def _request_record(x: s.RequestRecord) -> str:
    if x.request is not None and (fault := _internal_request(x.request)):
        return f".request{fault}"
    if x.result is not None and (fault := _result(x.result)):
        return f".result{fault}"
    return ""


def _request_event(x: s.RequestEvent) -> str:
    if x.result is not None and (fault := _result(x.result)):
        return f".result{fault}"
    return ""


def _item_result(x: s.ItemResult) -> str:
    if (x.reply is not None) + (x.error is not None) > 1:
        return _clash("outcome", ("reply", x.reply), ("error", x.error))
    if x.epoch >= 2**64:
        return ".epoch: does not fit 64 bits"
    if x.reply is not None and (fault := _reply(x.reply)):
        return f".reply{fault}"
    return ""


def _execute_request(x: s.ExecuteRequest) -> str:
    for at, each in enumerate(x.results):
        if fault := _item_result(each):
            return f".results[{at}]{fault}"
    return ""


def _execute_item(x: s.ExecuteItem) -> str:
    if x.epoch >= 2**64:
        return ".epoch: does not fit 64 bits"
    if x.operation is not None and (fault := _operation(x.operation)):
        return f".operation{fault}"
    return ""


def _execute_batch(x: s.ExecuteBatch) -> str:
    for at, each in enumerate(x.items):
        if fault := _execute_item(each):
            return f".items[{at}]{fault}"
    return ""


def _execute_response(x: s.ExecuteResponse) -> str:
    if (x.attached is not None) + (x.batch is not None) + (x.go_away is not None) > 1:
        return _clash("kind", ("attached", x.attached), ("batch", x.batch), ("goAway", x.go_away))
    if x.batch is not None and (fault := _execute_batch(x.batch)):
        return f".batch{fault}"
    return ""


def _submit_request(x: s.SubmitRequest) -> str:
    if x.request is not None and (fault := _internal_request(x.request)):
        return f".request{fault}"
    return ""


def _call_request(x: s.CallRequest) -> str:
    if x.request is not None and (fault := _internal_request(x.request)):
        return f".request{fault}"
    return ""


def _call_response(x: s.CallResponse) -> str:
    if x.result is not None and (fault := _result(x.result)):
        return f".result{fault}"
    return ""


def _session_request(x: s.SessionRequest) -> str:
    for at, each in enumerate(x.submits):
        if fault := _internal_request(each):
            return f".submits[{at}]{fault}"
    return ""


def _session_response(x: s.SessionResponse) -> str:
    for at, each in enumerate(x.results):
        if fault := _result(each):
            return f".results[{at}]{fault}"
    return ""


def _get_response(x: s.GetResponse) -> str:
    if x.record is not None and (fault := _request_record(x.record)):
        return f".record{fault}"
    return ""


def _watch_response(x: s.WatchResponse) -> str:
    if x.event is not None and (fault := _request_event(x.event)):
        return f".event{fault}"
    return ""


def _list_response(x: s.ListResponse) -> str:
    for at, each in enumerate(x.records):
        if fault := _request_record(each):
            return f".records[{at}]{fault}"
    return ""


def _cancel_response(x: s.CancelResponse) -> str:
    if x.record is not None and (fault := _request_record(x.record)):
        return f".record{fault}"
    return ""


CHECKS: dict[type, Callable[[Any], str]] = {
    s.FloatArray: _float_array,
    s.Vector: _vector,
    s.UpsertVectors: _upsert_vectors,
    s.Condition: _condition,
    s.FilterList: _filter_list,
    s.Filter: _filter,
    s.QueryVectors: _query_vectors,
    s.DeleteVectors: _delete_vectors,
    s.CountVectors: _count_vectors,
    s.VectorMatches: _vector_matches,
    s.VectorRecords: _vector_records,
    s.Payload: _payload,
    s.Invoke: _invoke,
    s.Operation: _operation,
    s.Reply: _reply,
    s.InternalRequest: _internal_request,
    s.Result: _result,
    s.RequestRecord: _request_record,
    s.RequestEvent: _request_event,
    s.ItemResult: _item_result,
    s.ExecuteRequest: _execute_request,
    s.ExecuteItem: _execute_item,
    s.ExecuteBatch: _execute_batch,
    s.ExecuteResponse: _execute_response,
    s.SubmitRequest: _submit_request,
    s.CallRequest: _call_request,
    s.CallResponse: _call_response,
    s.SessionRequest: _session_request,
    s.SessionResponse: _session_response,
    s.GetResponse: _get_response,
    s.WatchResponse: _watch_response,
    s.ListResponse: _list_response,
    s.CancelResponse: _cancel_response,
}
"""A fault of a decoded struct as `.path: words`, or an empty string."""


def _finite_error(x: s.Error) -> bool:
    return isfinite(x.retry_after_s or 0.0)


def _finite_float_array(x: s.FloatArray) -> bool:
    return isfinite(sum(x.items))


def _finite_vector(x: s.Vector) -> bool:
    return x.values is None or _finite_float_array(x.values)


def _finite_upsert_vectors(x: s.UpsertVectors) -> bool:
    return x.vectors is None or _finite_vector(x.vectors)


def _finite_query_vectors(x: s.QueryVectors) -> bool:
    return x.queries is None or _finite_vector(x.queries)


def _finite_vector_matches(x: s.VectorMatches) -> bool:
    return isfinite(sum(x.distances)) and (x.vectors is None or _finite_vector(x.vectors))


def _finite_vector_records(x: s.VectorRecords) -> bool:
    return x.vectors is None or _finite_vector(x.vectors)


def _finite_operation(x: s.Operation) -> bool:
    return (x.upsert is None or _finite_upsert_vectors(x.upsert)) and (
        x.query is None or _finite_query_vectors(x.query)
    )


def _finite_reply(x: s.Reply) -> bool:
    return (x.matches is None or _finite_vector_matches(x.matches)) and (
        x.records is None or _finite_vector_records(x.records)
    )


def _finite_internal_request(x: s.InternalRequest) -> bool:
    return (x.operation is None or _finite_operation(x.operation)) and isfinite(x.timeout_s or 0.0)


def _finite_result(x: s.Result) -> bool:
    return (x.reply is None or _finite_reply(x.reply)) and (x.error is None or _finite_error(x.error))


def _finite_request_record(x: s.RequestRecord) -> bool:
    return (x.request is None or _finite_internal_request(x.request)) and (
        x.result is None or _finite_result(x.result)
    )


def _finite_request_event(x: s.RequestEvent) -> bool:
    return x.result is None or _finite_result(x.result)


def _finite_batch_limits(x: s.BatchLimits) -> bool:
    return isfinite(x.wait_s_max or 0.0)


def _finite_backend(x: s.Backend) -> bool:
    return x.batch is None or _finite_batch_limits(x.batch)


def _finite_register_request(x: s.RegisterRequest) -> bool:
    return x.backend is None or _finite_backend(x.backend)


def _finite_register_response(x: s.RegisterResponse) -> bool:
    return x.backend is None or _finite_backend(x.backend)


def _finite_get_backend_response(x: s.GetBackendResponse) -> bool:
    return x.backend is None or _finite_backend(x.backend)


def _finite_list_backends_response(x: s.ListBackendsResponse) -> bool:
    return all(_finite_backend(each) for each in x.backends)


def _finite_update_backend_request(x: s.UpdateBackendRequest) -> bool:
    return x.batch is None or _finite_batch_limits(x.batch)


def _finite_update_backend_response(x: s.UpdateBackendResponse) -> bool:
    return x.backend is None or _finite_backend(x.backend)


def _finite_probe_response(x: s.ProbeResponse) -> bool:
    return isfinite(x.latency_s or 0.0)


def _finite_item_result(x: s.ItemResult) -> bool:
    return (x.reply is None or _finite_reply(x.reply)) and (x.error is None or _finite_error(x.error))


def _finite_execute_request(x: s.ExecuteRequest) -> bool:
    return all(_finite_item_result(each) for each in x.results)


def _finite_execute_item(x: s.ExecuteItem) -> bool:
    return x.operation is None or _finite_operation(x.operation)


def _finite_execute_batch(x: s.ExecuteBatch) -> bool:
    return all(_finite_execute_item(each) for each in x.items) and isfinite(x.lease_s or 0.0)


def _finite_execute_response(x: s.ExecuteResponse) -> bool:
    return (
        (x.attached is None or _finite_attached_backend(x.attached))
        and (x.batch is None or _finite_execute_batch(x.batch))
        and (x.go_away is None or _finite_execute_go_away(x.go_away))
    )


def _finite_attached_backend(x: s.AttachedBackend) -> bool:
    return x.backend is None or _finite_backend(x.backend)


def _finite_execute_go_away(x: s.ExecuteGoAway) -> bool:
    return x.error is None or _finite_error(x.error)


def _finite_submit_request(x: s.SubmitRequest) -> bool:
    return x.request is None or _finite_internal_request(x.request)


def _finite_call_request(x: s.CallRequest) -> bool:
    return x.request is None or _finite_internal_request(x.request)


def _finite_call_response(x: s.CallResponse) -> bool:
    return x.result is None or _finite_result(x.result)


def _finite_session_request(x: s.SessionRequest) -> bool:
    return all(_finite_internal_request(each) for each in x.submits)


def _finite_go_away(x: s.GoAway) -> bool:
    return x.error is None or _finite_error(x.error)


def _finite_session_response(x: s.SessionResponse) -> bool:
    return all(_finite_result(each) for each in x.results) and (
        x.go_away is None or _finite_go_away(x.go_away)
    )


def _finite_get_request(x: s.GetRequest) -> bool:
    return isfinite(x.wait_s or 0.0)


def _finite_get_response(x: s.GetResponse) -> bool:
    return x.record is None or _finite_request_record(x.record)


def _finite_watch_response(x: s.WatchResponse) -> bool:
    return x.event is None or _finite_request_event(x.event)


def _finite_list_response(x: s.ListResponse) -> bool:
    return all(_finite_request_record(each) for each in x.records)


def _finite_cancel_response(x: s.CancelResponse) -> bool:
    return x.record is None or _finite_request_record(x.record)


def _finite_stage_time(x: s.StageTime) -> bool:
    return isfinite(x.duration_us or 0.0)


def _finite_explain_response(x: s.ExplainResponse) -> bool:
    return all(_finite_stage_time(each) for each in x.stages)


def _finite_limits(x: s.Limits) -> bool:
    return isfinite(x.timeout_s_default or 0.0) and isfinite(x.result_ttl_s or 0.0)


def _finite_capabilities(x: s.Capabilities) -> bool:
    return x.limits is None or _finite_limits(x.limits)


def _finite_get_capabilities_response(x: s.GetCapabilitiesResponse) -> bool:
    return x.capabilities is None or _finite_capabilities(x.capabilities)


def _finite_health(x: s.Health) -> bool:
    return isfinite(x.uptime_s or 0.0)


def _finite_get_health_response(x: s.GetHealthResponse) -> bool:
    return x.health is None or _finite_health(x.health)


def _finite_create_key_request(x: s.CreateKeyRequest) -> bool:
    return isfinite(x.ttl_s or 0.0)


def _finite_quota(x: s.Quota) -> bool:
    return isfinite(x.requests_per_s or 0.0)


def _finite_get_quota_response(x: s.GetQuotaResponse) -> bool:
    return x.quota is None or _finite_quota(x.quota)


def _finite_set_quota_request(x: s.SetQuotaRequest) -> bool:
    return x.quota is None or _finite_quota(x.quota)


def _finite_set_quota_response(x: s.SetQuotaResponse) -> bool:
    return x.quota is None or _finite_quota(x.quota)


FINITE: dict[type, Callable[[Any], bool]] = {
    s.Error: _finite_error,
    s.FloatArray: _finite_float_array,
    s.Vector: _finite_vector,
    s.UpsertVectors: _finite_upsert_vectors,
    s.QueryVectors: _finite_query_vectors,
    s.VectorMatches: _finite_vector_matches,
    s.VectorRecords: _finite_vector_records,
    s.Operation: _finite_operation,
    s.Reply: _finite_reply,
    s.InternalRequest: _finite_internal_request,
    s.Result: _finite_result,
    s.RequestRecord: _finite_request_record,
    s.RequestEvent: _finite_request_event,
    s.BatchLimits: _finite_batch_limits,
    s.Backend: _finite_backend,
    s.RegisterRequest: _finite_register_request,
    s.RegisterResponse: _finite_register_response,
    s.GetBackendResponse: _finite_get_backend_response,
    s.ListBackendsResponse: _finite_list_backends_response,
    s.UpdateBackendRequest: _finite_update_backend_request,
    s.UpdateBackendResponse: _finite_update_backend_response,
    s.ProbeResponse: _finite_probe_response,
    s.ItemResult: _finite_item_result,
    s.ExecuteRequest: _finite_execute_request,
    s.ExecuteItem: _finite_execute_item,
    s.ExecuteBatch: _finite_execute_batch,
    s.ExecuteResponse: _finite_execute_response,
    s.AttachedBackend: _finite_attached_backend,
    s.ExecuteGoAway: _finite_execute_go_away,
    s.SubmitRequest: _finite_submit_request,
    s.CallRequest: _finite_call_request,
    s.CallResponse: _finite_call_response,
    s.SessionRequest: _finite_session_request,
    s.GoAway: _finite_go_away,
    s.SessionResponse: _finite_session_response,
    s.GetRequest: _finite_get_request,
    s.GetResponse: _finite_get_response,
    s.WatchResponse: _finite_watch_response,
    s.ListResponse: _finite_list_response,
    s.CancelResponse: _finite_cancel_response,
    s.StageTime: _finite_stage_time,
    s.ExplainResponse: _finite_explain_response,
    s.Limits: _finite_limits,
    s.Capabilities: _finite_capabilities,
    s.GetCapabilitiesResponse: _finite_get_capabilities_response,
    s.Health: _finite_health,
    s.GetHealthResponse: _finite_get_health_response,
    s.CreateKeyRequest: _finite_create_key_request,
    s.Quota: _finite_quota,
    s.GetQuotaResponse: _finite_get_quota_response,
    s.SetQuotaRequest: _finite_set_quota_request,
    s.SetQuotaResponse: _finite_set_quota_response,
}
"""True where no float is NaN or infinite, for the messages that have floats."""

WIDE: frozenset[type] = frozenset(
    {
        s.ItemResult,
        s.ExecuteRequest,
        s.ExecuteItem,
        s.ExecuteBatch,
        s.ExecuteResponse,
    }
)
"""The messages with 64-bit integers, which are strings in JSON."""
