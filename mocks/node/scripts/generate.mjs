// Writes gen/: the TypeScript of the contract, from the compiled protos in contracts/, by the plugin protoc-gen-es.
// The plugin speaks protobuf on stdin and stdout, so neither protoc nor buf is needed here.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  CodeGeneratorRequestSchema,
  CodeGeneratorResponseSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";

const here = dirname(dirname(fileURLToPath(import.meta.url)));
const descriptor = join(here, "../../contracts/python/qbridge_contract/descriptor.binpb");
const plugin = createRequire(import.meta.url).resolve("@bufbuild/protoc-gen-es/bin/protoc-gen-es");

const protos = fromBinary(FileDescriptorSetSchema, readFileSync(descriptor)).file;
const request = create(CodeGeneratorRequestSchema, {
  // The well-known types come with the runtime.
  fileToGenerate: protos.map((file) => file.name).filter((name) => !name.startsWith("google/protobuf/")),
  parameter: "target=ts,import_extension=js",
  protoFile: protos,
});
const run = spawnSync(process.execPath, [plugin], { input: toBinary(CodeGeneratorRequestSchema, request) });
if (run.status !== 0) throw new Error(`protoc-gen-es failed: ${run.stderr}`);
const response = fromBinary(CodeGeneratorResponseSchema, run.stdout);
if (response.error) throw new Error(`protoc-gen-es failed: ${response.error}`);

rmSync(join(here, "gen"), { recursive: true, force: true });
for (const { name, content } of response.file) {
  const path = join(here, "gen", name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
