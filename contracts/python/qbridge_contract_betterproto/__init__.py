# Generated from contracts/proto by `make contracts`; do not edit.
