"""The generators: from `contracts/proto` to everything that is derived from it.

`source` compiles the protos to descriptors, `model` turns those into plain values, and each
`emit_*` module turns the model into the text of files, as a mapping from path to content.
`main` writes that mapping, or compares it with what is committed. Nothing here is imported
at run time; nothing here knows the server, the SDK or the harness.
"""
