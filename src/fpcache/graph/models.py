"""What a training left, as one thing: a schema and the resources it needs; one file when packaged."""

from __future__ import annotations

import os
import platform
import secrets
import shutil
import tempfile
import time
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from json import dumps, loads
from pathlib import Path
from typing import Any

from fpcache.errors import FpcacheError, GraphSchemaError
from fpcache.graph.component import ExecutionContext, make_runnable
from fpcache.graph.guessing import did_you_mean
from fpcache.graph.node_steps import Start
from fpcache.graph.resources import ModelStorage, Resource, Tree
from fpcache.graph.schema import GraphSchema

__all__ = ["Model", "start_from", "with_resources"]

FORMAT = 1
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, EOFError,
    KeyError, ValueError, TypeError, AttributeError, NotImplementedError,
)  # fmt: skip
_TELLS, _FILES = "model.json", "resources"


@dataclass(frozen=True, slots=True)
class Model:
    """A schema with the resources of its nodes.

    Attributes
    ----------
    schema : GraphSchema
        What `run` runs; its nodes load resources by ``resource=``.
    storage : ModelStorage
        Where the resources are.
    resources : mapping of str to Resource
        By the name of the node that wrote each.
    metadata : mapping of str to object
        Anything that JSON can say; after `load` also when and with what it was packaged.
    """

    schema: GraphSchema
    storage: ModelStorage
    resources: Mapping[str, Resource]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    _runnables: dict[str, Callable[..., Any]] = field(default_factory=dict, repr=False, compare=False)

    def run(
        self, inputs: Mapping[str, object] | None = None, targets: Iterable[str] | None = None
    ) -> dict[str, object]:
        """Run the schema, cached nowhere; components are made once and kept.

        Parameters
        ----------
        inputs : mapping of str to object, optional
            Values that stand for nodes, by name; those nodes and what only they need don't run.
        targets : iterable of str, optional
            The nodes to be targets instead of those that the schema marks.

        Returns
        -------
        dict
            The targets' values, by name.

        Raises
        ------
        GraphSchemaError
            If there is no such node, or a resource is missing.
        """
        values = dict(inputs or {})
        nodes = {n: replace(node, needs={}) if n in values else node for n, node in self.schema.nodes.items()}
        unknown = [name for name in values if name not in nodes]
        if unknown:
            raise GraphSchemaError(
                f"there is no node `{unknown[0]}` to stand for{did_you_mean(unknown[0], nodes)}"
            )
        schema = GraphSchema(nodes).minimal(targets)
        _check_resources(schema, self.resources)
        for name in schema.order():
            if name not in values:
                given = {parameter: values[need] for parameter, need in schema[name].needs.items()}
                values[name] = self._runnable(name)(**given)
        return {name: values[name] for name in schema.targets()}

    def _runnable(self, name: str) -> Callable[..., Any]:
        if name not in self._runnables:
            wanted = self.schema[name].resource
            resource = None if wanted is None else self.resources[wanted]
            context = ExecutionContext(self.schema, name, self.storage, resource)
            self._runnables[name] = make_runnable(self.schema[name], context)
        return self._runnables[name]

    def with_schema(self, schema: GraphSchema) -> Model:
        """Return a model of the same resources that runs another schema, such as one for prediction."""
        return Model(schema, self.storage, self.resources, self.metadata)

    def package(self, path: str | os.PathLike[str]) -> Path:
        """Write all of it into one file, replacing one that is there at the end.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        GraphSchemaError
            If the schema can't be written: a node uses a lambda, say.
        StoreError
            If a resource's files are not there.
        FpcacheError
            If there is no such directory.

        Warns
        -----
        UserWarning
            If nodes use what a script or a notebook defines: that has no name in another process.
        """
        target = Path(path)
        if not target.parent.is_dir():
            raise FpcacheError(f"there is no directory {target.parent} to write {target.name} into; make it")
        self._warn_of_main(target)
        trees = {resource.digest: self.storage.tree(resource) for resource in self.resources.values()}
        tells = self._tells(trees)
        aside = target.with_name(f".{target.name}-{secrets.token_hex(4)}")
        try:
            with (
                aside.open("xb") as file,
                zipfile.ZipFile(
                    file, "w", zipfile.ZIP_DEFLATED, compresslevel=1, strict_timestamps=False
                ) as archive,
            ):
                archive.writestr(_TELLS, dumps(tells, indent=2))
                for digest, tree in trees.items():
                    for name, source in tree.files.items():
                        archive.write(source, f"{_FILES}/{digest}/{name}")
            os.replace(aside, target)
        finally:
            aside.unlink(missing_ok=True)
        return target

    def _tells(self, trees: Mapping[str, Tree]) -> dict[str, Any]:
        """Return what the file says of what is in it."""
        return {
            "format": FORMAT,
            "schema": self.schema.to_dict(),
            "resources": {name: resource.digest for name, resource in self.resources.items()},
            "files": {digest: list(tree.files) for digest, tree in trees.items()},
            "executable": {digest: list(tree.executable) for digest, tree in trees.items()},
            "metadata": {**self.metadata, "packaged_s": time.time(), "python": platform.python_version()},
        }

    def _warn_of_main(self, target: Path) -> None:
        nodes = self.schema.nodes.items()
        names = [name for name, node in nodes if getattr(node.uses, "__module__", "") == "__main__"]
        if names:
            message = (
                f"{target.name} can be loaded only where node `{names[0]}` finds its code in `__main__`, as "
                "here; for other processes, define it in a module and import it"
            )
            warnings.warn(message, stacklevel=3)

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], storage: ModelStorage | str | os.PathLike[str] | None = None
    ) -> Model:
        """Return what `package` wrote; the resources' digests are checked.

        The schema names code that is imported: load only files that you trust as you trust code.

        Parameters
        ----------
        path : path
            The file.
        storage : ModelStorage or path, optional
            Where to put the resources; by default a directory that is deleted with the model.

        Raises
        ------
        FpcacheError
            If it is no such file, or damaged.
        """
        kept_in = storage if isinstance(storage, ModelStorage) else ModelStorage(storage)
        try:
            with zipfile.ZipFile(path) as archive:
                tells = loads(archive.read(_TELLS))
                if tells["format"] != FORMAT:
                    raise FpcacheError(f"{path} was packaged by another fpcache; update it, or package anew")
                resources = {name: Resource(digest) for name, digest in tells["resources"].items()}
                for resource in resources.values():
                    _extract(archive, resource, tells, kept_in)
        except _DAMAGED as error:
            raise FpcacheError(f"{path} is no packaged model, or is damaged ({error})") from error
        return cls(GraphSchema.from_dict(tells["schema"]), kept_in, resources, tells["metadata"])


def _extract(
    archive: zipfile.ZipFile, resource: Resource, tells: Mapping[str, Any], storage: ModelStorage
) -> None:
    """Put a resource's files where they belong, not through memory."""
    if storage.has(resource):
        return
    with tempfile.TemporaryDirectory(prefix="fpcache-model-") as directory:
        files = {}
        for number, name in enumerate(tells["files"][resource.digest]):
            files[name] = Path(directory) / str(number)
            with archive.open(f"{_FILES}/{resource.digest}/{name}") as source, files[name].open("wb") as to:
                shutil.copyfileobj(source, to)
        storage.take(resource, files, tells["executable"][resource.digest])


def start_from(storage: ModelStorage | None, base: Model | None, is_finetuning: bool) -> Start:
    """Return what a run starts from; a base model's resources are at hand in its storage.

    Raises
    ------
    GraphSchemaError
        If there is nothing to fine-tune.
    """
    if is_finetuning and base is None:
        raise GraphSchemaError("is_finetuning=True goes on with a trained model; pass it as base=")
    if base is None:
        return Start(storage or ModelStorage())
    used = storage or base.storage
    for resource in base.resources.values():
        if not used.has(resource):
            tree = base.storage.tree(resource)
            used.take(resource, tree.files, tree.executable)
    return Start(used, dict(base.resources), is_finetuning)


def with_resources(schema: GraphSchema, start: Start) -> GraphSchema:
    """Return the schema, in a fine-tuning with its components loading what they once wrote.

    Raises
    ------
    GraphSchemaError
        If a node names a resource that isn't there, or can't load one.
    """
    nodes = dict(schema.nodes)
    for name, node in schema.nodes.items():
        if start.is_finetuning and node.is_component and node.resource is None and name in start.resources:
            nodes[name] = replace(node, constructor="load", resource=name)
    changed = GraphSchema(nodes)
    if start.is_finetuning and all(node.resource is None for node in nodes.values()):
        had = ", ".join(f"`{name}`" for name in start.resources) or "none"
        raise GraphSchemaError(
            f"no node goes on with anything: the base model has the resources {had}, by the names of the "
            "targets that wrote them; name one with resource=, or mark what trains as a target"
        )
    _check_resources(changed, start.resources)
    return changed


def _check_resources(schema: GraphSchema, resources: Mapping[str, Resource]) -> None:
    for name, node in schema.nodes.items():
        if node.resource is not None and node.resource not in resources:
            near = did_you_mean(node.resource, resources)
            raise GraphSchemaError(
                f"node `{name}` loads the resource `{node.resource}`, which no base model has{near}; "
                "pass base= with a model that has it"
            )
        if node.resource is not None and not node.is_component:
            raise GraphSchemaError(
                f"node `{name}` is a plain function, which loads no resource; use a component"
            )
