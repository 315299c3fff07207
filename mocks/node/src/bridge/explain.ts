/** Why a request waits, or where its time went. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ExplainResponseSchema } from "../../gen/qbridge_contract/v1/bridge_pb.js";
import { WaitReason } from "../../gen/qbridge_contract/v1/bridge_pb.js";
import { Durability, RequestState } from "../../gen/qbridge_contract/v1/request_pb.js";
import type { Backend } from "../backends/backend.js";
import type { Job } from "./job.js";

const SENTENCES: Record<WaitReason, string> = {
  [WaitReason.UNSPECIFIED]: "It does not wait: it is final.",
  [WaitReason.BEHIND_OTHERS]: "Others of its lane are ahead of it.",
  [WaitReason.BATCHING]: "It waits for more requests to share its batch.",
  [WaitReason.BACKEND_BUSY]: "The backend works on the batches that it has.",
  [WaitReason.NO_BACKEND]: "No process serves the backend.",
  [WaitReason.RUNNING]: "The backend has it.",
  [WaitReason.RETRY]: "It waits for its next attempt.",
};

/** `backend` is missing where it was deleted since. */
export function explain(job: Job, backend: Backend | undefined): MessageInitShape<typeof ExplainResponseSchema> {
  const reason = job.isFinal || backend === undefined ? WaitReason.UNSPECIFIED : backend.waitReason(job);
  return {
    requestId: job.id,
    state: job.state,
    reason,
    sentence: job.isFinal ? `It is final: ${RequestState[job.state]}.` : SENTENCES[reason],
    lane: job.request.backend,
    ahead: Math.max(0, backend?.lane.ahead(job) ?? 0),
    depth: backend?.lane.depth ?? 0,
    durability: Durability.MEMORY,
    lostBy: "Any end of this process loses it.",
    batchSize: job.batchSize,
    dispatchReason: job.dispatchReason,
    transport: job.isFinal ? "inline" : "",
    stages: job.stages,
  };
}
