"""A strict reading of Fluent Bit's configuration.

The program ignores sections that it does not know, and stops on an unknown key; a value in a wrong
unit it reads as another number. Here each is an error, with its place. References between sections
are followed, too.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).with_name("keys.txt")
_SECTIONS = {"service", "parsers", "pipeline"}
_PIPELINE = {"inputs": "input", "filters": "filter", "outputs": "output"}
_BUILT_IN = {"docker", "cri", "go", "java", "python", "ruby", "json"}
"""Multiline parsers that it brings (pipeline/parsers/multiline-parsing.md)."""
_SIZE, _TIME = re.compile(r"\d+([kKmMgG]b?)?", re.IGNORECASE), re.compile(r"\d+[smhdSMHD]?")
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_WORDS = {"on", "off", "true", "false", "yes", "no"}
MOST_TAG_PARTS = 10
"""Of an S3 key: MAX_TAG_PARTS of flb_aws_util.h."""


@cache
def keys() -> Mapping[str, Mapping[str, str]]:
    """Section to key to type, as keys.txt has them."""
    found: dict[str, dict[str, str]] = {}
    section: dict[str, str] = {}
    for line in _FILE.read_text("utf-8").splitlines():
        if line.startswith("["):
            section = found.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            key, type_ = line.split()
            assert key not in section, key
            section[key] = type_
    return found


class _Loader(yaml.SafeLoader):
    """All scalars as they are written: Fluent Bit has no other types. A key twice is an error."""


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        name = loader.construct_object(key)
        if name in found:
            raise yaml.YAMLError(f"{name} is there twice")
        found[name] = loader.construct_object(value, deep=True)
    return found


_Loader.yaml_implicit_resolvers = {}
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def errors(text: str, variables: set[str]) -> list[str]:
    """What is wrong with a configuration; `variables` are those of its container."""
    try:
        config = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        return [str(error)]
    return list(_errors(config, variables, text))


def _errors(config: Mapping[str, Any], variables: set[str], text: str) -> Iterator[str]:
    for section in config.keys() - _SECTIONS:
        yield f"{section}: no such section"
    yield from _values("service", config.get("service", {}), ["service"])
    for number, parser in enumerate(config.get("parsers", [])):
        yield from _values(f"parsers[{number}]", parser, ["parser"])
    pipeline = config.get("pipeline", {})
    for section in pipeline.keys() - _PIPELINE.keys():
        yield f"pipeline.{section}: no such section"
    for section, kind in _PIPELINE.items():
        for number, plugin in enumerate(pipeline.get(section, [])):
            where = f"{section}[{number}]"
            name = f"{kind} {plugin.get('name')}"
            if name not in keys():
                yield f"{where}: no such {kind}: {plugin.get('name')}"
                continue
            yield from _values(where, plugin, [kind, name])
            if kind != "input" and not {"match", "match_regex"} & plugin.keys():
                yield f"{where}: matches nothing"
    yield from _references(config, pipeline)
    for name in sorted(set(_VARIABLE.findall(text)) - variables):
        yield f"the container has no variable {name}"


def _values(where: str, given: Mapping[str, Any], sections: list[str]) -> Iterator[str]:
    types = {key: type_ for one in sections for key, type_ in keys()[one].items()}
    for key, value in given.items():
        if key not in types:
            yield f"{where}.{key}: no such key"
            continue
        for one in value if isinstance(value, list) else [value]:
            if wrong := _wrong(str(one), types[key]):
                yield f"{where}.{key}: {one!r} is no {wrong}"


def _wrong(value: str, type_: str) -> str:
    """The type that a value is not of; empty if it is."""
    match type_:
        case "str" | "list" | "match":
            fine = bool(value)
        case "bool":
            fine = value.lower() in _WORDS
        case "int":
            fine = value.isdecimal()
        case "size":
            fine = _SIZE.fullmatch(value) is not None
        case "time":
            fine = _TIME.fullmatch(value) is not None
        case "regex":
            fine = _compiles(value)
        case "pair":
            fine = len(value.split()) == 2
        case "rule":
            fine = _is_rule(value)
        case _:
            fine = value.lower() in type_.lower().split("|")
    return "" if fine else type_


def _compiles(expression: str) -> bool:
    """Onigmo's syntax of groups is Ruby's: Python writes their names with a P."""
    try:
        re.compile(re.sub(r"\(\?<(?=\w)", "(?P<", expression))
    except re.error:
        return False
    return True


def _is_rule(rule: str) -> bool:
    """`$key expression tag keep`, by blanks."""
    words = rule.split()
    if len(words) != 4:
        return False
    key, expression, tag, keep = words
    groups = expression.replace(r"\(", "").count("(")
    used = [int(one) for one in re.findall(r"\$(\d)", tag)]
    return (
        key.startswith("$")
        and _compiles(expression)
        and keep in ("true", "false")
        and all(one <= groups for one in used)
        # What may follow a key in a template: ra_parse_buffer, flb_record_accessor.c.
        and all(part[:1] in ("", ".", ",", " ") for part in re.split(r"\$TAG\[\d\]|\$\d", tag)[1:])
    )


def _references(config: Mapping[str, Any], pipeline: Mapping[str, Any]) -> Iterator[str]:
    plugins = [
        (f"{section}[{number}]", plugin)
        for section in _PIPELINE
        for number, plugin in enumerate(pipeline.get(section, []))
    ]
    # An emitter is an input: its name is one of theirs.
    for keys_ in (("alias", "emitter_name"), ("db", "store_dir")):
        seen: set[str] = set()
        for where, plugin in plugins:
            for key in keys_:
                if plugin.get(key) in seen:
                    yield f"{where}.{key}: {plugin[key]} is there twice"
                seen |= {plugin[key]} if key in plugin else set()
    parsers = {one["name"] for one in config.get("parsers", [])}
    for where, plugin in plugins:
        yield from _parsers(where, plugin, parsers)
        yield from _tags(where, plugin)
        for key in ("storage.type", "emitter_storage.type"):
            if plugin.get(key) == "filesystem" and "storage.path" not in config.get("service", {}):
                yield f"{where}.{key}: filesystem needs service.storage.path"
    filters = [one.get("name") for one in pipeline.get("filters", [])]
    if "multiline" in filters[1:]:
        yield "filters: multiline is not the first: those before it work twice"


def _parsers(where: str, plugin: Mapping[str, Any], parsers: set[str]) -> Iterator[str]:
    for parser in filter(None, plugin.get("multiline.parser", "").split(",")):
        if parser.strip() not in _BUILT_IN:
            yield f"{where}.multiline.parser: no parser {parser.strip()}"
    for key in ("parser", "regex_parser", "merge_parser"):
        if key in plugin and plugin[key] not in parsers:
            yield f"{where}.{key}: no parser {plugin[key]}"


def _tags(where: str, plugin: Mapping[str, Any]) -> Iterator[str]:
    there = set(re.findall(r"\(\?<(\w+)>", plugin.get("tag_regex", "")))
    for name in set(re.findall(r"<(\w+)>", plugin.get("tag", ""))) - there:
        yield f"{where}.tag: tag_regex has no group {name}"
    key = plugin.get("s3_key_format", "/")
    if not key.startswith("/"):
        yield f"{where}.s3_key_format: does not begin with a slash"
    for part in map(int, re.findall(r"\$TAG\[(\d+)\]", key)):
        if part >= MOST_TAG_PARTS:
            yield f"{where}.s3_key_format: there is no part {part} of a tag"
    if plugin.get("use_put_object") == "true" and "$UUID" not in key:
        yield f"{where}.s3_key_format: a key without $UUID ends in a random word"
