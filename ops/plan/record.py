"""Records a plan: runs the program as a preview and as an update, and merges both."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.plan import argument_types as check
from ops.plan import paths, program, stack
from ops.plan import protobuf as wire
from ops.plan.errors import PlanError, UserError
from ops.plan.model import Invoke, Options, Plan, Resource, sorted_unique
from ops.plan.monitor import Recording


@dataclass(frozen=True)
class Failure:
    """A stack that could not be recorded: the message for its author, and the exit code."""

    message: str
    code: int


Recorded = Mapping[str, Plan | Failure]


def record(root: Path, stack_name: str, overrides: Sequence[str] = ()) -> Plan:
    """Returns the plan of a stack of the project in `root`.

    Raises UserError for errors that the user can correct, PlanError for a program that could not be
    deployed; any other exception of the program propagates.
    """
    config, preview = _preview(root.resolve(), stack_name, overrides)
    update = program.run(config, preview=False).recording
    redact = wire.Redactor(_secrets(preview, update))
    urns = {urn for run in (preview, update) for urn in (*run.registered, *run.read)}
    resources = {urn: _resource(urn, preview, update) for urn in urns}
    _refuse(preview, update, redact)
    return Plan(
        project=config.project,
        stack=config.stack,
        resources=tuple(resources[urn] for urn in sorted(resources)),
        exports=wire.masked(update.stack_outputs) if update.stack_outputs is not None else {},
        invokes=tuple(
            Invoke(call.token, redact.data(call.args)) for call in _invokes(preview, update)
        ),
        notes=sorted_unique(map(redact.text, _notes(preview, update, resources.values()))),
    )


def record_all(root: Path, stacks: Sequence[str], sets: Sequence[str] = ()) -> Recorded:
    """Returns the plan of each stack, or the reason why it is missing; without names, of all
    stacks."""
    return {name: _recorded(root, name, sets) for name in stacks or stack.stack_names(root)}


def _recorded(root: Path, name: str, sets: Sequence[str]) -> Plan | Failure:
    try:
        return record(root, name, sets)
    except UserError as error:
        return Failure(str(error), 2)
    except PlanError as error:
        return Failure(error.message, 1)


def _preview(
    root: Path, stack_name: str, overrides: Sequence[str]
) -> tuple[stack.StackConfig, Recording]:
    """Runs the program as a preview; reruns it with rejected overrides as text."""
    config = stack.load(root, stack_name, overrides)
    try:
        return config, program.run(config, preview=True).recording
    except UserError as error:
        as_text = stack.load(root, stack_name, overrides, refused=str(error))
        if as_text == config:
            raise
        try:
            return as_text, program.run(as_text, preview=True).recording
        except UserError:
            raise error from None


def _secrets(*runs: Recording) -> Iterator[str]:
    """Every text that the program marked as secret in registrations or exports."""
    for run in runs:
        for request in run.registered.values():
            yield from wire.secrets(request.object)
            for key in request.additionalSecretOutputs:
                if key in request.object.fields:
                    yield from wire.secrets_inside(request.object.fields[key])
        for outputs in run.outputs.values():
            yield from wire.secrets(outputs)
        if run.stack_outputs is not None:
            yield from wire.secrets(run.stack_outputs)


def _refuse(preview: Recording, update: Recording, redact: wire.Redactor) -> None:
    """Raises PlanError for everything that mocks accept and an engine rejects."""
    problems = [*preview.problems, *update.problems]
    problems += [
        f"{urn}: is created only when values are known, so inside an apply; no preview shows it"
        for urn in {*update.registered, *update.read} - {*preview.registered, *preview.read}
    ]
    problems += [
        f"{urn}: is created only while values are unknown"
        for urn in {*preview.registered, *preview.read} - {*update.registered, *update.read}
    ]
    for urn, request in update.registered.items():
        inputs = wire.revealed(request.object)
        problems += [f"{urn}: {problem}" for problem in check.problems(request.type, inputs)]
    if problems:
        raise PlanError(map(redact.text, problems))


def _resource(urn: str, preview: Recording, update: Recording) -> Resource:
    if urn in update.read or urn in preview.read:
        return _external(urn, update.read.get(urn) or preview.read[urn])
    request = update.registered.get(urn) or preview.registered[urn]
    first = preview.registered.get(urn)
    inputs = wire.masked(request.object)
    readable = wire.revealed(request.object)
    for key in request.additionalSecretOutputs:
        if key in inputs:
            inputs[key] = _masked_values(readable[key])
    return Resource(
        urn=urn,
        type=request.type,
        name=request.name,
        parent=request.parent,
        custom=request.custom,
        remote=request.remote,
        inputs=inputs,
        unknown=sorted_unique(paths.text(path) for path in wire.unknowns(first.object))
        if first
        else (),
        options=_options(request),
        outputs=wire.masked(update.outputs[urn]) if urn in update.outputs else {},
        identifiers=update.identifiers.get(urn, ()),
    )


def _external(urn: str, request: Any) -> Resource:
    options = Options(import_id=request.id, provider=_without_id(request.provider))
    return Resource(
        urn, request.type, request.name, request.parent, True, False, {}, (), options, True
    )


def _masked_values(value: Any) -> Any:
    """Returns the keys of a secret map without its values: the keys of a Secret are not secret."""
    if isinstance(value, dict):
        return dict.fromkeys(value, wire.SECRET)
    return wire.SECRET


def _options(request: Any) -> Options:
    timeouts = request.customTimeouts
    return Options(
        protect=request.protect,
        dependencies=sorted_unique(request.dependencies),
        property_dependencies={
            key: sorted_unique(found.urns)
            for key, found in sorted(request.propertyDependencies.items())
            if found.urns
        },
        delete_before_replace=request.deleteBeforeReplace,
        retain_on_delete=request.retainOnDelete,
        ignore_changes=sorted_unique(request.ignoreChanges),
        replace_on_changes=sorted_unique(request.replaceOnChanges),
        aliases=sorted_unique(_alias(alias) for alias in request.aliases),
        provider=_without_id(request.provider),
        providers={key: _without_id(ref) for key, ref in sorted(request.providers.items())},
        custom_timeouts={
            operation: value
            for operation in ("create", "update", "delete")
            if (value := getattr(timeouts, operation))
        },
        import_id=request.importId,
        deleted_with=request.deletedWith,
        replace_with=sorted_unique(request.replace_with),
        additional_secret_outputs=sorted_unique(request.additionalSecretOutputs),
        version=request.version,
    )


def _without_id(reference: str) -> str:
    # A provider reference is `<urn>::<id>`; the id is unknown in one of the two runs.
    return reference.rsplit("::", 1)[0]


def _alias(alias: Any) -> str:
    if alias.WhichOneof("alias") == "urn":
        return alias.urn
    spec = alias.spec
    parts = {
        "name": spec.name,
        "type": spec.type,
        "parent": "none" if spec.noParent else spec.parentUrn,
        "stack": spec.stack,
        "project": spec.project,
    }
    return " ".join(f"{key}={value}" for key, value in parts.items() if value)


def _invokes(preview: Recording, update: Recording) -> tuple[Invoke, ...]:
    found = {f"{call.token} {call.args}": call for call in (*preview.invokes, *update.invokes)}
    return tuple(found[key] for key in sorted(found))


def _notes(preview: Recording, update: Recording, resources: Iterable[Resource]) -> tuple[str, ...]:
    notes = [*preview.warnings, *update.warnings]
    for call in _invokes(preview, update):
        arguments = ", ".join(f"{key}={value}" for key, value in call.args.items())
        notes.append(f"called at preview: {call.token.rsplit(':', 1)[1]}({arguments})")
    for resource in resources:
        if resource.external:
            notes.append(f"read, not managed: {resource.urn}")
            continue
        first = preview.registered.get(resource.urn)
        notes += _differences(resource, wire.masked(first.object)) if first else []
    return sorted_unique(notes)


def _differences(resource: Resource, first: dict[str, Any]) -> list[str]:
    """Returns notes about inputs that differ between the two runs."""
    notes = []
    unknown = set(resource.unknown)
    masked = resource.options.additional_secret_outputs
    for path, value in paths.leaves(first):
        now = paths.get(resource.inputs, path)
        if value == wire.UNKNOWN or paths.text(path) in unknown:
            if now is None:
                notes.append(f"{resource.urn}: no fake output for {paths.text(path)}")
        elif path and path[0] not in masked and now != value:
            notes.append(f"{resource.urn}: {paths.text(path)} differs between two runs")
    return notes
