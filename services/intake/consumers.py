"""Intake stands at the top of the hill: it consumes nothing. The room stays, so that every part has the same."""

from services.kit.inbox import Handlers

HANDLERS: Handlers = {}
