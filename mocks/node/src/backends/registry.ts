/** The backends of the deployment: registered, changed, taken away, by name. */
import { create, equals } from "@bufbuild/protobuf";
import type { RegisterRequest, UpdateBackendRequest } from "../../gen/qbridge_contract/v1/backend_pb.js";
import { BackendSchema } from "../../gen/qbridge_contract/v1/backend_pb.js";
import { ErrorCode } from "../../gen/qbridge_contract/v1/errors_pb.js";
import { invalid, notFound, Refusal } from "../contract/errors.js";
import { Backend, describe } from "./backend.js";
import { echoBackend } from "./echo.js";

const LABELS_MAX = 32;

export class Registry {
  private readonly byName = new Map<string, Backend>();

  constructor() {
    const echo = echoBackend();
    this.byName.set(echo.name, echo);
  }

  /** All of them, by name. */
  all(): Backend[] {
    return [...this.byName.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** A backend that may have been deleted since. */
  find(name: string): Backend | undefined {
    return this.byName.get(name);
  }

  get(name: string): Backend {
    const backend = this.find(name);
    if (backend === undefined) throw notFound("backend", name);
    return backend;
  }

  /** Makes a remote backend; the same registration again is a success. */
  register(request: RegisterRequest): Backend {
    const described = describe(request.backend ?? create(BackendSchema));
    if (described.kind !== "remote") {
      throw invalid("backend.kind", "backend.kind", "Only remote backends can be registered.");
    }
    const there = this.byName.get(described.name);
    if (there === undefined) {
      const backend = new Backend(described, false);
      this.byName.set(backend.name, backend);
      return backend;
    }
    if (!there.isBuiltIn && equals(BackendSchema, there.described, described)) return there;
    const message = `A backend ${described.name} is registered already, and differs.`;
    throw new Refusal(ErrorCode.ALREADY_EXISTS, message);
  }

  /** Changes what the request names, on the version that it names. */
  update(request: UpdateBackendRequest): Backend {
    const backend = this.remote(request.name);
    const { expectedVersion, description, batch, labels } = request;
    if (expectedVersion !== 0 && expectedVersion !== backend.version) {
      const message = `The backend ${backend.name} has version ${backend.version}, not ${expectedVersion}.`;
      throw new Refusal(ErrorCode.VERSION_CONFLICT, message);
    }
    const merged = { ...backend.described.labels, ...labels };
    if (Object.keys(merged).length > LABELS_MAX) {
      throw invalid("labels", "map.max_pairs", `A backend has at most ${LABELS_MAX} labels.`);
    }
    const changed = describe({ ...backend.described, labels: merged });
    if (description !== undefined) changed.description = description;
    if (batch !== undefined) changed.batch = batch;
    backend.described = changed;
    backend.version += 1;
    backend.dispatch();
    return backend;
  }

  /** Takes a backend away. */
  delete(name: string): void {
    const backend = this.remote(name);
    this.byName.delete(name);
    backend.remove();
  }

  /** A backend that is not built in. */
  remote(name: string): Backend {
    const backend = this.get(name);
    if (!backend.isBuiltIn) return backend;
    throw new Refusal(ErrorCode.FAILED_PRECONDITION, `The backend ${name} is built in.`);
  }
}
