"""Over which transports a case has really judged: by the messages that went over the wire, not by its name alone."""

from __future__ import annotations

from qbridge_harness.engine.results import OF_AXIS, CaseResult

OWN = "own backend, "
"""How the transport of the harness's own backend begins in the log."""
_JUDGING = ("act", "assert")


def transports_seen(case: CaseResult) -> list[str]:
    """The transports that the case has judged; none where nothing was sent.

    A case that names its transport judges that one, if messages went over it (a Watch of `rest` goes over sse). One
    that names none judges those of its act and assert; what its own backend speaks is not what it judges.
    """
    judging = {step.number for step in case.steps if step.phase in _JUDGING}
    axis = case.axes.get("transport")
    if axis is None:
        steps = {message.transport for message in case.messages if message.step in judging}
        return sorted(transport for transport in steps if not transport.startswith(OWN))
    named = OF_AXIS.get(str(axis), str(axis))
    seen = {message.transport.removeprefix(OWN) for message in case.messages}
    found = {named} & seen
    if named == "rest" and any(message.transport == "sse" for message in case.messages if message.step in judging):
        found.add("sse")
    return sorted(found)
