"""A file put right is the file as it was written, but for what changes."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ops.jobs.reading import documents_of, nodes_of
from ops.jobs.splice import Spliced, spliced

HEAD = "apiVersion: sparkoperator.k8s.io/v1beta2\nkind: SparkApplication\n"
TEXT = f"""\
# Ours.
{HEAD}metadata: {{name: a}}  # short
spec:
  # Sizes.
  driver:
    memory: "2Gi"   # as at home
    cores: 1
  executor:
    env:  # two of them
      - name: A
        value: "1"
      # the other
      - {{name: B, value: "2"}}
    tolerations:
    - key: x
      operator: Exists
  image: x:1
  arguments: [a, b]
  text: |
    one

    two
  # The end.
---
# Beside it.
kind: ConfigMap
data: {{}}
"""


def every(text: str) -> list[dict[str, Any]]:
    return documents_of(text, "x").every


def changed(text: str, change: Callable[[Any], Any], number: int = 0) -> Spliced:
    """The text after a change of a document's `spec`."""
    wanted = copy.deepcopy(every(text))
    change(wanted[number]["spec"])
    done = spliced(text, nodes_of, every, wanted)
    assert done is not None
    assert every(done.text) == wanted
    return done


def put(*path: str | int, value: Any = None, drop: bool = False) -> Callable[[Any], None]:
    def change(spec: Any) -> None:
        *above, last = path
        for step in above:
            spec = spec[step]
        if drop:
            del spec[last]
        else:
            spec[last] = value

    return change


CHANGES: list[tuple[Callable[[Any], Any], list[str], list[str]]] = [
    (put("driver", "memory", value="2g"), ['    memory: "2Gi"   # as at home'],
     ["    memory: 2g   # as at home"]),
    (put("driver", "cores", drop=True), ["    cores: 1"], []),
    (put("driver", "labels", value={"a": "b"}), [], ["    labels:", "      a: b"]),
    (put("executor", "env", 1, "value", value="3"), ['      - {name: B, value: "2"}'],
     ["      - {name: B, value: '3'}"]),
    (put("executor", "env", 0, drop=True), ["      - name: A", '        value: "1"'], []),
    (put("executor", "tolerations", 0, "key", drop=True),
     ["    - key: x", "      operator: Exists"], ["    - operator: Exists"]),
    (lambda spec: spec["executor"]["env"].append({"name": "C"}), [], ["      - name: C"]),
    (lambda spec: spec["executor"]["env"].insert(0, {"name": "C"}), [], ["      - name: C"]),
    (put("image", value={"a": [1]}), ["  image: x:1"], ["  image:", "    a:", "    - 1"]),
    (put("arguments", value=["a", "b", "c"]), ["  arguments: [a, b]"],
     ["  arguments: [a, b, c]"]),
    (put("text", value="x"), ["  text: |", "    one", "    two"], ["  text: x"]),
    (put("more", value="a\nb\n"), [], ["  more: |", "    a", "    b"]),
    (put("executor", drop=True), ["  executor:", "    env:  # two of them", "      - name: A",
     '        value: "1"', "      # the other", '      - {name: B, value: "2"}',
     "    tolerations:", "    - key: x", "      operator: Exists"], []),
]  # fmt: skip


@pytest.mark.parametrize(("change", "gone", "new"), CHANGES)
def test_only_the_lines_of_a_change_change(
    change: Callable[[Any], Any], gone: list[str], new: list[str]
) -> None:
    done = changed(TEXT, change)
    before, after = TEXT.splitlines(), done.text.splitlines()
    assert not done.anew
    assert [one for one in before if one and one not in after] == gone
    assert [one for one in after if one not in before] == new
    kept = [one for one in after if one in before]
    assert kept == [one for one in before if one in kept], "in the same order"


def test_without_a_change_the_text_is_the_same_byte_for_byte() -> None:
    assert changed(TEXT, lambda spec: None).text == TEXT


def test_a_list_of_objects_stays_a_list() -> None:
    item = "".join(f"    {line}\n" for line in f"{HEAD}spec:\n  a: 1 # one\n".splitlines())
    text = f"kind: List\nitems:\n  - {item.strip()}\n  # last\n  - kind: Secret\n"
    done = changed(text, put("b", value=2))
    assert done.text == text.replace("a: 1 # one\n", "a: 1 # one\n      b: 2\n")


@pytest.mark.parametrize(
    ("text", "anew"),
    [
        (f"{HEAD}spec:\n  driver: &x {{memory: 2Gi}}\n  executor: *x\n  # c\n", (0,)),
        (f"{HEAD}x: &x {{memory: 2Gi}}\nspec:\n  driver:\n    <<: *x\n  executor: *x\n", ()),
    ],
)
def test_an_alias_is_written_anew_only_where_its_places_differ(
    text: str, anew: tuple[int, ...]
) -> None:
    assert changed(text, put("driver", "memory", value="2g")).anew == anew


@pytest.mark.parametrize(
    "text", [TEXT.replace("\n", "\r\n"), TEXT.rstrip() + "\n", f"--- \n{TEXT}"]
)
def test_other_line_ends_are_read(text: str) -> None:
    assert "# Sizes." in changed(text, put("driver", "memory", value="2g")).text


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab: #-\n'\"\t&*é", max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner),
    max_leaves=8,
)


@given(old=_VALUES, new=_VALUES, flow=st.booleans())
def test_any_value_becomes_any_other(old: Any, new: Any, flow: bool) -> None:
    documents = [
        json.loads(json.dumps({**yaml.safe_load(HEAD), "spec": one})) for one in (old, new)
    ]
    text = f"# first\n{yaml.safe_dump(documents[0], default_flow_style=flow)}# last\n"
    done = spliced(text, nodes_of, every, documents[1:])
    assert done is not None and every(done.text) == documents[1:]
    assert done.text.startswith("# first\n") and done.text.endswith("# last\n")
