# Generated from contracts/proto by `make contracts`; do not edit.
import betterproto2

default_message_pool = betterproto2.MessagePool()
