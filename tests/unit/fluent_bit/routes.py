"""Where a file ends up, by the rendered configuration: tail, kubernetes, rewrite_tag and s3 as
their sources read (docs/logs.md, Verified how). The program itself is not here."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

FOLDER = "/var/log/containers"


def tags_of(config: str, file: str) -> list[str]:
    """The tag of a file from each input that reads it."""
    path = f"{FOLDER}/{file}"
    found = []
    for one in _pipeline(config)["inputs"]:
        excluded = one.get("exclude_path", "").split(",")
        if _matches(one["path"], path) and not any(_matches(each, path) for each in excluded):
            match = re.search(python(one["tag_regex"]), path)
            assert match is not None, (file, one["tag_regex"])
            found.append(re.sub(r"<(\w+)>", lambda name, of=match: of[name[1]], one["tag"]))
    return found


def folder_of(config: str, tag: str, application: str | None) -> str:
    """The folder of the objects of a tag, for a pod with this application's label."""
    (output,) = [one for one in _pipeline(config)["outputs"] if one["name"] == "s3"]
    key = filled(output["s3_key_format"], _rewritten(config, tag, application).split("."))
    return key.rpartition("/")[0].removeprefix("/") + "/"


def filled(template: str, parts: list[str], group: str = "") -> str:
    """A template with the parts of a tag, and the group of an expression."""
    return re.sub(r"\$TAG\[(\d)\]", lambda one: parts[int(one[1])], template).replace("$1", group)


def python(expression: str) -> str:
    """Onigmo's named groups as Python writes them."""
    return re.sub(r"\(\?<(?=\w)", "(?P<", expression)


def _rewritten(config: str, tag: str, application: str | None) -> str:
    values = {"$kubernetes['labels']['spark-app-selector']": application, "$log_stream": "stdout"}
    for one in _pipeline(config)["filters"]:
        if one["name"] == "rewrite_tag" and _matches(one["match"], tag, "."):
            key, expression, template, _ = one["rule"].split()
            value = values[key]
            if value is not None and (match := re.search(expression, value)):
                return filled(template, tag.split("."), match[1])
    raise AssertionError(f"no rule for {tag}")


def _pipeline(config: str) -> Mapping[str, Any]:
    return yaml.safe_load(config)["pipeline"]


def _matches(pattern: str, text: str, any_: str = "[^/]") -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", f"{any_}*"), text) is not None
