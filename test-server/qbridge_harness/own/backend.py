"""One backend of the harness: attaches, answers Execute as told, remembers what it has seen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from qbridge_harness.clients.streams import Ended, MessageStream
from qbridge_harness.contract import Contract
from qbridge_harness.language.matchers import match
from qbridge_harness.language.steps import Behaviour

Opener = Callable[[], Awaitable[MessageStream | Ended]]
Item = dict[str, Any]


class OwnBackend:
    """Serves one registered name until it is told otherwise."""

    def __init__(
        self, name: str, behaviours: Sequence[Behaviour], window: int, contract: Contract, opener: Opener
    ) -> None:
        self.name = name
        self._behaviours = list(behaviours)
        self._used = [0] * len(self._behaviours)
        self._window = window
        self._contract = contract
        self._opener = opener
        self._stream: MessageStream | None = None
        self._task: asyncio.Task[None] | None = None
        self._held: list[Item] = []
        self._epochs: dict[str, list[int]] = {}
        self._late: set[asyncio.Task[None]] = set()
        self._sending = asyncio.Lock()
        self._attached = asyncio.Event()
        self._moved = asyncio.Event()
        self.attaches = 0
        self.sizes: list[int] = []
        self.items: list[Item] = []
        self.results_sent = 0
        self.effects: dict[str, int] = {}
        self.go_away: Any = None
        self.ended: Ended | None = None
        self.broken: Exception | None = None
        """What it broke down with first: its own fault, or that of what came."""

    async def attach(self) -> None:
        """Opens Execute and waits until the attachment holds, is refused (`ended`), or breaks down (`broken`)."""
        self._attached.clear()
        self.ended = None
        opened = await self._opener()
        if isinstance(opened, Ended):
            self.ended = opened
            return
        self._stream = opened
        attach = {"attach": {"backend": self.name, "window": self._window}}
        await opened.send(self._contract.parse_json(opened.rpc.request, attach), attach)
        self._task = asyncio.create_task(self._serve(opened), name=f"own backend {self.name}")
        await self._attached.wait()

    @property
    def effects_total(self) -> int:
        """How often it has worked, over all effect keys."""
        return sum(self.effects.values())

    async def until(self, holds: Callable[[], bool]) -> None:
        """Waits until something holds of what it has seen, or it broke down; the caller bounds the time."""
        while self.broken is None and not holds():
            self._moved.clear()
            await self._moved.wait()

    def facts(self) -> dict[str, Any]:
        """What it has seen, as cases observe it."""
        return {
            "attached": self._stream is not None and self.ended is None and self._attached.is_set(),
            "attaches": self.attaches,
            "batches": len(self.sizes),
            "sizes": list(self.sizes),
            "items": list(self.items),
            "effects": dict(self.effects),
            "results_sent": self.results_sent,
            "go_away": self.go_away,
            "error": self.ended.error if self.ended else None,
        }

    async def release(self) -> None:
        """Echoes every item that it holds."""
        held, self._held = self._held, []
        for item in held:
            await self._send([self._result(item, {"reply": _echo(item)})])

    async def vanish(self) -> None:
        """Breaks the stream without a word; what it held is forgotten."""
        self._held = []
        if self._stream is not None:
            await self._stream.vanish()
        await self._join()

    async def finish(self) -> None:
        """Ends its half of the stream and waits for the end."""
        if self._stream is not None:
            await self._stream.half_close()
        await self._join()

    async def close(self) -> None:
        """Ends everything; may be called twice."""
        if self._stream is not None:
            await self._stream.close()
        await self._join()

    async def _join(self) -> None:
        task, self._task, self._stream = self._task, None, None
        ending = [*self._late] if task is None else [task, *self._late]
        self._late.clear()
        for each in ending:
            each.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    async def _serve(self, stream: MessageStream) -> None:
        try:
            while True:
                message = await stream.receive()
                if isinstance(message, Ended):
                    self.ended = message
                    return
                await self._take(message)
        except Exception as error:  # Nobody awaits this task: who asks for facts is told.
            self._broke(error)
        finally:
            self._attached.set()

    async def _take(self, message: dict[str, Any]) -> None:
        if message.get("attached"):
            self.attaches += 1
            self._attached.set()
        if message.get("goAway") is not None:
            self.go_away = message["goAway"]
        batch = message.get("batch")
        if batch:
            self.sizes.append(len(batch["items"]))
            for item in batch["items"]:
                await self._handle(item)

    async def _handle(self, item: Item) -> None:
        self.items.append(item)
        self._epochs.setdefault(item["requestId"], []).append(int(item["epoch"]))
        self._moved.set()
        behaviour = self._choose(item)
        if behaviour.drop:
            await self._break()
        elif behaviour.hold:
            self._held.append(item)
        elif behaviour.delay_s:
            late = asyncio.create_task(self._later(behaviour, item), name=f"own backend {self.name}, late")
            self._late.add(late)
            late.add_done_callback(self._late.discard)
        else:
            await self._work(behaviour, item)

    async def _later(self, behaviour: Behaviour, item: Item) -> None:
        try:
            await asyncio.sleep(behaviour.delay_s)
            await self._work(behaviour, item)
        except Exception as error:
            self._broke(error)

    def _broke(self, error: Exception) -> None:
        self.broken = self.broken or error
        self._moved.set()

    async def _work(self, behaviour: Behaviour, item: Item) -> None:
        """Does what the item asks for, once, and says so, unless the reply is to be lost."""
        if behaviour.stale is not None:
            await self._send([self._result(item, {"reply": behaviour.stale}, epoch=self._epoch_before(item))])
        outcome = self._outcome(behaviour, item)
        if "reply" in outcome:
            self.effects[item["effectKey"]] = self.effects.get(item["effectKey"], 0) + 1
            self._moved.set()
        if behaviour.lose:
            await self._break()
            return
        results = [self._result(item, outcome)]
        await self._send(results)
        if behaviour.twice:
            await self._send(results)

    async def _break(self) -> None:
        """The stream breaks without a word."""
        if self._stream is not None:
            await self._stream.vanish()

    def _choose(self, item: Item) -> Behaviour:
        for index, behaviour in enumerate(self._behaviours):
            spent = behaviour.times is not None and self._used[index] >= behaviour.times
            if not spent and (behaviour.when is None or not match(behaviour.when, item)):
                self._used[index] += 1
                return behaviour
        return Behaviour(echo=True)

    def _outcome(self, behaviour: Behaviour, item: Item) -> dict[str, Any]:
        if behaviour.error is not None:
            code = str(behaviour.error.get("code", "BACKEND_FAILED"))
            return {"error": behaviour.error | {"code": "ERROR_CODE_" + code.removeprefix("ERROR_CODE_")}}
        return {"reply": behaviour.reply if behaviour.reply is not None else _echo(item)}

    def _epoch_before(self, item: Item) -> int:
        epochs = self._epochs[item["requestId"]]
        return epochs[-2] if len(epochs) > 1 else max(0, epochs[-1] - 1)

    def _result(self, item: Item, outcome: dict[str, Any], epoch: int | None = None) -> dict[str, Any]:
        token = int(item["epoch"]) if epoch is None else epoch
        return {"requestId": item["requestId"], "epoch": str(token)} | outcome

    async def _send(self, results: list[dict[str, Any]]) -> None:
        if self._stream is None:
            return
        document = {"results": results}
        message = self._contract.parse_json(self._stream.rpc.request, document)
        # Late items finish on their own: two messages must not mix on the wire.
        async with self._sending:
            await self._stream.send(message, document)
        self.results_sent += len(results)


def _echo(item: Item) -> dict[str, Any]:
    """The Reply with the item's own payload; an empty one where it has none."""
    payload = item["operation"].get("invoke", {}).get("payload")
    return {"payload": payload if payload is not None else {}}
