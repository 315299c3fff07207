"""What each request does, on the cases and the runs of one target."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec
from fastapi import Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from pydantic import ValidationError

from qbridge_harness.dry_run import plan_document
from qbridge_harness.engine import Report
from qbridge_harness.language import PlannedCase
from qbridge_harness.language.plan import under
from qbridge_harness.server.answers import CaseAnswer, HealthAnswer, RunRequest, StartedAnswer
from qbridge_harness.server.compare import Side, compare
from qbridge_harness.server.page import report_page
from qbridge_harness.server.problems import Problem
from qbridge_harness.server.record import RunRecord
from qbridge_harness.server.runs import Busy, KeyTaken, Run, Runs
from qbridge_harness.server.store import Store

BODY_MAX = 64 * 1024
RETRY_AFTER_S = 5
_BEAT_S = 15.0
_STREAM = {"cache-control": "no-store", "x-accel-buffering": "no"}


class Harness:
    """The handlers."""

    def __init__(self, planned: list[PlannedCase], runs: Runs, target: str, grpc: str) -> None:
        self.planned = planned
        self.runs = runs
        self.target = target
        self.grpc = grpc

    def health(self, *, known: bool) -> HealthAnswer:
        """Whether it works; the rest for those who may ask."""
        if not known:
            return HealthAnswer(known=False)
        return HealthAnswer(known=True, target=self.target, grpc=self.grpc, cases=len(self.planned))

    def cases(self, prefix: str, tag: str, rule: str) -> list[CaseAnswer]:
        """The cases of a prefix, a tag, a rule."""
        found = [each for each in self.planned if under(each.id, prefix)]
        found = [each for each in found if (not tag or tag in each.tags) and (not rule or rule in each.case.proves)]
        return [
            CaseAnswer(id=each.id, purpose=each.case.purpose, tags=sorted(each.tags), proves=each.case.proves)
            for each in found
        ]

    async def read(self, request: Request) -> RunRequest:
        """The body of a POST; none asks for nothing special. Raises Problem."""
        content = b""
        async for chunk in request.stream():
            content += chunk
            if len(content) > BODY_MAX:
                raise Problem(413, "Too large", f"A body has at most {BODY_MAX} bytes.", {"connection": "close"})
        try:
            return self.asked(json.loads(content) if content.strip() else {})
        except ValueError as error:
            raise Problem(400, "Bad request", f"The body is no JSON: {error}.") from None

    def asked(self, document: Any) -> RunRequest:
        """What is asked of a run. Raises Problem."""
        try:
            return RunRequest.model_validate(document)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the body"
            known = ", ".join(RunRequest.model_fields)
            raise Problem(400, "Bad request", f"{where}: {first['msg']}. A run takes {known}.") from None

    async def plan(self, case: str, asked: RunRequest) -> dict[str, Any]:
        """What a run would do."""
        planned, durations = self._find(case), await self.runs.history.do(Store.durations_ms)
        options = asked.options(self.runs.options)
        return plan_document(planned, durations, options.jobs, [self.target, self.grpc])

    async def run_and_wait(self, case: str, asked: RunRequest, *, as_json: bool) -> Response:
        """Runs the cases of a prefix and answers once they are over."""
        run = await self._begin(case, asked)
        assert isinstance(run, Run)
        await self.runs.wait(run)
        record, report = run.record, run.report
        if report is None:
            raise _without_report(record)
        status = 200 if report.ok else 422
        if as_json:
            return JSONResponse(record.document() | {"report": report.to_json()}, status)
        return PlainTextResponse(_text(report), status)

    async def start(self, case: str, asked: RunRequest, key: str) -> Response:
        """Starts the cases of a prefix and answers at once."""
        run = await self._begin(case, asked, key)
        record = run.record if isinstance(run, Run) else run
        answer = StartedAnswer(id=record.id, state=record.state, cases=record.planned, url=f"/runs/{record.id}")
        return JSONResponse(answer.model_dump(), 202, headers={"location": answer.url})

    async def show(self, run_id: str) -> Response:
        """A run, with its report once there is one."""
        found = await self._get(run_id)
        record = found.record if isinstance(found, Run) else found
        report = await self.runs.history.do(Store.report, run_id) if record.over else None
        return JSONResponse(record.document() | ({} if report is None else {"report": report}))

    async def report_page(self, run_id: str) -> Response:
        """A run's report for a browser; JSON where there is none, or none that this version can draw."""
        from qbridge_harness.reports.html import render_html

        await self._get(run_id)
        document = await self.runs.history.do(Store.report, run_id)
        try:
            return report_page(render_html(msgspec.convert(document, Report, strict=False)))
        except msgspec.ValidationError:
            return await self.show(run_id)

    async def follow(self, run_id: str, after: int) -> Response:
        """A run as server-sent events, resumed after one of them; 204 where nothing more will come."""
        found = await self._get(run_id)
        if isinstance(found, Run):
            return StreamingResponse(self._stream(found, after), media_type="text/event-stream", headers=_STREAM)
        events = await self.runs.history.do(Store.events, run_id, after)
        if not events:
            return Response(status_code=204)
        body = "".join(event.encode() for event in events)
        return Response(body, media_type="text/event-stream", headers=_STREAM)

    async def cancel(self, run_id: str) -> Response:
        """Ends a run and answers what it is then; a run that is over stays what it is."""
        found = await self._get(run_id)
        if isinstance(found, RunRecord):
            return JSONResponse(found.document())
        await self.runs.cancel(found)
        return JSONResponse(found.record.document())

    async def compare(self, before: str, after: str) -> dict[str, Any]:
        """Two runs that are over. Raises Problem."""
        return compare(await self._side(before), await self._side(after)).document()

    async def _side(self, run_id: str) -> Side:
        found = await self._get(run_id)
        if isinstance(found, Run):
            raise Problem(409, "Not over", f"{run_id} still runs; compare it once it is over.")
        report = await self.runs.history.do(Store.report, run_id) or {}
        return Side(found, await self.runs.history.do(Store.cases, run_id), report.get("rules", {}))

    async def _stream(self, run: Run, after: int) -> AsyncIterator[str]:
        async for event in self.runs.follow(run, after, _BEAT_S):
            yield ": it still runs\n\n" if event is None else event.encode()

    async def _begin(self, case: str, asked: RunRequest, key: str = "") -> Run | RunRecord:
        planned, options = self._find(case), asked.options(self.runs.options)
        try:
            return await self.runs.start(case, planned, options, key, asked.fingerprint(case))
        except Busy as error:
            raise Problem(429, "Busy", str(error), {"retry-after": str(RETRY_AFTER_S)}) from None
        except KeyTaken as error:
            raise Problem(409, "Key taken", str(error)) from None

    def _find(self, case: str) -> list[PlannedCase]:
        planned = [each for each in self.planned if under(each.id, case)]
        if not planned:
            raise Problem(404, "No such case", f"No case begins with {case!r}; GET /cases lists them.")
        return planned

    async def _get(self, run_id: str) -> Run | RunRecord:
        found = await self.runs.get(run_id)
        if found is None:
            raise Problem(404, "No such run", f"No run {run_id!r} is kept; GET /runs lists them.")
        return found


_REFUSALS: Mapping[str, tuple[int, str]] = {
    "unreachable": (502, "The target does not answer"),
    "cancelled": (409, "Cancelled"),
    "interrupted": (503, "The harness stopped"),
}


def _without_report(record: RunRecord) -> Problem:
    status, title = _REFUSALS.get(record.state, (500, "The harness broke"))
    return Problem(status, title, record.problem)


def _text(report: Report) -> str:
    """A run for a person with curl."""
    lines = [f"{case.verdict:8}{case.id}" + (f"  ({case.reason})" if case.reason else "") for case in report.cases]
    return "\n".join([*lines, "", report.summary, ""])
