"""The one engine: a graph of steps, fingerprinted, pruned, and run in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fpcache.lazily import names

if TYPE_CHECKING:
    from fpcache.graph.cache import CachedOutput, OutputCache
    from fpcache.graph.component import ExecutionContext, GraphComponent
    from fpcache.graph.fingerprint_run import FingerprintComponent, PrecomputedValueProvider
    from fpcache.graph.hooks import LoggingHook, TrainingHook
    from fpcache.graph.models import Model
    from fpcache.graph.persisting import Cacheable, Codec
    from fpcache.graph.picture import Picture, schema_picture
    from fpcache.graph.resources import ModelStorage, Resource
    from fpcache.graph.runners import Dask, InOrder, Runner, Threads
    from fpcache.graph.running import FingerprintStatus, Hook, Outcome, Step, drive, run_in_order
    from fpcache.graph.schema import GraphSchema, SchemaNode
    from fpcache.graph.trainer import GraphTrainer, TrainingResult
    from fpcache.graph.validation import validate
    from fpcache.graph.watching import GraphWatcher, watch_graphs

__all__ = [
    "Cacheable",
    "CachedOutput",
    "Codec",
    "Dask",
    "ExecutionContext",
    "FingerprintComponent",
    "FingerprintStatus",
    "GraphComponent",
    "GraphSchema",
    "GraphTrainer",
    "GraphWatcher",
    "Hook",
    "InOrder",
    "LoggingHook",
    "Model",
    "ModelStorage",
    "Outcome",
    "OutputCache",
    "Picture",
    "PrecomputedValueProvider",
    "Resource",
    "Runner",
    "SchemaNode",
    "Step",
    "Threads",
    "TrainingHook",
    "TrainingResult",
    "drive",
    "run_in_order",
    "schema_picture",
    "validate",
    "watch_graphs",
]

# Loaded when first asked for: a session needs next to nothing of this before a graph runs.
_HOMES = {
    "CachedOutput": "cache", "OutputCache": "cache", "ExecutionContext": "component",
    "GraphComponent": "component", "FingerprintComponent": "fingerprint_run",
    "PrecomputedValueProvider": "fingerprint_run", "LoggingHook": "hooks", "TrainingHook": "hooks",
    "Model": "models", "Cacheable": "persisting", "Codec": "persisting", "Picture": "picture",
    "schema_picture": "picture", "ModelStorage": "resources", "Resource": "resources", "Dask": "runners",
    "InOrder": "runners", "Runner": "runners", "Threads": "runners", "FingerprintStatus": "running",
    "Hook": "running", "Outcome": "running", "Step": "running", "drive": "running",
    "run_in_order": "running", "GraphSchema": "schema", "SchemaNode": "schema", "GraphTrainer": "trainer",
    "TrainingResult": "trainer", "validate": "validation", "GraphWatcher": "watching",
    "watch_graphs": "watching",
}  # fmt: skip

__getattr__ = names(__name__, _HOMES)
