"""Whether expressions ask only for metrics, labels and values that there are.

A wrong name is no error for Prometheus: the expression is empty for ever, and so is its alert.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.metrics.catalogue import Labels, load
from tests.metrics.expressions import Matcher, Node, parsed

ANY: frozenset[str] = frozenset()
_POD = ("namespace", "pod", "container", "endpoint", "job", "instance")
POD_MONITOR = frozenset(_POD)
SERVICE_MONITOR = frozenset({*_POD, "service"})
"""Labels that the operator's configuration gives every target of a monitor."""
_OF_EVERY_TARGET = (
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
)
_BUCKET = "le"
_KEEP_ALL = {"topk", "bottomk", "limitk", "limit_ratio"}
_WITHOUT_LABELS = {"vector", "scalar", "time", "pi"}
_TEMPLATE = re.compile(r"\$labels\.(\w+)")


@dataclass(frozen=True)
class Source:
    """A program and how it is scraped."""

    program: str
    """Of the catalogue."""
    target: frozenset[str] = POD_MONITOR
    """Labels of its target, podTargetLabels and relabelings included."""
    honor_labels: bool = False
    """As in the monitor: without it a metric's own label that the target has, too, gets the prefix
    exported_."""
    kept: str = ""
    """The monitor's regular expression of names to keep; empty keeps every metric."""
    dropped: frozenset[str] = frozenset()
    """Labels that the monitor drops."""


@dataclass
class Known:
    """Series that there are, by name, with their labels."""

    series: dict[str, Labels] = field(default_factory=dict)

    @classmethod
    def of(cls, sources: Iterable[Source]) -> "Known":
        """What a Prometheus has that scrapes these; a name of two programs has both' labels."""
        known = cls()
        for source in sources:
            target = dict.fromkeys(source.target, ANY)
            for name, labels in load(source.program).labels.items():
                if not source.kept or re.fullmatch(source.kept, name):
                    own = dict(_scraped(labels, source))
                    left = {
                        label: values
                        for label, values in (target | own).items()
                        if label not in source.dropped
                    }
                    known.series[name] = _joined(known.series.get(name, {}), left)
            for name in _OF_EVERY_TARGET:
                known.series[name] = _joined(known.series.get(name, {}), target)
        return known


def _scraped(labels: Labels, source: Source) -> Iterator[tuple[str, frozenset[str]]]:
    for label, values in labels.items():
        clash = label in source.target and not source.honor_labels
        yield (f"exported_{label}", values) if clash else (label, values)


def held(expressions: Sequence[str], known: Known) -> list[str]:
    """What is wrong with expressions, each with its expression; empty when all is there."""
    return [
        f"{wrong}: {text}" for text, tree in _trees(expressions) for wrong in _wrong(tree, known)
    ]


def held_rules(rules: Sequence[Mapping], known: Known) -> list[str]:
    """The same for the rules of a PrometheusRule, recording and alerting. A recorded name counts as
    known, with the labels that its expression leaves. Annotations may name only labels that the
    alert has."""
    trees = [tree for _, tree in _trees([rule["expr"] for rule in rules])]
    known = Known(dict(known.series))
    recording = [(rule, tree) for rule, tree in zip(rules, trees, strict=True) if "record" in rule]
    # One may use another that is written after it.
    for _ in recording:
        before = dict(known.series)
        for rule, tree in recording:
            added = dict.fromkeys(rule.get("labels") or {}, ANY)
            known.series[rule["record"]] = {**_Reader(known).labels(tree), **added}
        if before == known.series:
            break
    said = []
    for rule, tree in zip(rules, trees, strict=True):
        name = rule.get("record") or rule.get("alert")
        reader = _Reader(known)
        has = {*reader.labels(tree), *(rule.get("labels") or {}), "alertname"}
        said += [f"{name}: {wrong}" for wrong in reader.wrong]
        for key, text in (rule.get("annotations") or {}).items():
            said += [
                f"{name}: its annotation {key} names the label {label}, which the alert has not"
                for label in sorted(set(_TEMPLATE.findall(str(text))) - has)
            ]
    return said


def _trees(expressions: Sequence[str]) -> Iterator[tuple[str, Node]]:
    texts = [str(one) for one in expressions]
    yield from zip(texts, parsed(texts), strict=True)


def _wrong(tree: Node, known: Known) -> list[str]:
    reader = _Reader(known)
    reader.labels(tree)
    return reader.wrong


class _Reader:
    """Follows which labels each part of an expression leaves."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self.wrong: list[str] = []

    def labels(self, node: Node) -> Labels:
        """The labels that a node's result may have."""
        match node.kind:
            case "selector":
                return self._selector(node)
            case "aggregate":
                return self._aggregate(node)
            case "binary":
                return self._binary(node)
            case "call":
                return self._call(node)
            case "unary":
                return self.labels(node.children[0])
        return {}

    def _selector(self, node: Node) -> Labels:
        names = [one for one in node.matchers if one.name == "__name__"]
        found = [
            labels
            for name, labels in self._known.series.items()
            if (name == node.name if node.name else all(_fits(one, name) for one in names))
        ]
        if not found:
            asked = node.name or " ".join(f"{one.op}{one.value}" for one in names)
            self.wrong.append(f"no program has the metric {asked}")
            return {one.name: ANY for one in node.matchers}
        labels: Labels = {}
        for one in found:
            labels = _joined(labels, one)
        for one in node.matchers:
            if one.name != "__name__":
                self._matcher(one, labels, node.name or "the metric")
        return labels

    def _matcher(self, one: Matcher, labels: Labels, metric: str) -> None:
        # A label that is absent counts as empty, and an expression may ask for just that.
        if one.name not in labels:
            if not _fits(one, ""):
                self.wrong.append(f"{metric} has no label {one.name}")
            return
        values = labels[one.name]
        if values and not any(_fits(one, value) for value in values):
            said = f"{one.name}{one.op}{one.value}"
            self.wrong.append(
                f"{metric} has no series with {said}, but {', '.join(sorted(values))}"
            )

    def _aggregate(self, node: Node) -> Labels:
        labels = self.labels(node.children[0])
        self._has(labels, node.labels, "without" if node.without else "by")
        for parameter in node.children[1:]:
            self.labels(parameter)
        if node.name in _KEEP_ALL:
            return labels
        if node.without:
            left = {name: values for name, values in labels.items() if name not in node.labels}
        else:
            left = {name: labels.get(name, ANY) for name in node.labels}
        if node.name == "count_values":
            left[node.children[1].text] = ANY
        return left

    def _binary(self, node: Node) -> Labels:
        left, right = (self.labels(one) for one in node.children)
        if not node.card:  # a number on one side
            return left or right
        word = "on" if node.on else "ignoring"
        if node.on:
            self._has(left, node.labels, word)
            self._has(right, node.labels, word)
        else:
            self._has({**left, **right}, node.labels, word)
        match node.card:
            case "many-to-many":
                return _joined(left, right) if node.name == "or" else left
            case "many-to-one":
                self._has(right, node.include, "group_left")
                return {**left, **{one: right.get(one, ANY) for one in node.include}}
            case "one-to-many":
                self._has(left, node.include, "group_right")
                return {**right, **{one: left.get(one, ANY) for one in node.include}}
        if node.on:
            return {one: left.get(one, ANY) for one in node.labels}
        return {name: values for name, values in left.items() if name not in node.labels}

    def _call(self, node: Node) -> Labels:
        if node.name in _WITHOUT_LABELS:
            for one in node.children:
                self.labels(one)
            return {}
        if node.name in ("absent", "absent_over_time"):
            (inner,) = node.children
            self.labels(inner)
            return {one.name: frozenset({one.value}) for one in inner.matchers if one.op == "="}
        labels: Labels = {}
        for one in node.children:
            labels = _joined(labels, self.labels(one))
        texts = [one.text for one in node.children if one.kind == "string"]
        match node.name:
            case "label_replace":
                target, _, source, _ = texts
                self._has(labels, [source] if source else [], node.name)
                return {**labels, target: ANY}
            case "label_join":
                target, _, *sources = texts
                self._has(labels, sources, node.name)
                return {**labels, target: ANY}
            case "histogram_quantile" | "histogram_fraction":
                self._has(labels, [_BUCKET], node.name)
                return {name: values for name, values in labels.items() if name != _BUCKET}
        return labels

    def _has(self, labels: Labels, wanted: Sequence[str], word: str) -> None:
        if absent := [one for one in wanted if one not in labels and one != "__name__"]:
            has = ", ".join(sorted(labels)) or "none"
            self.wrong.append(f"{word} ({', '.join(absent)}): the labels there are {has}")


def _fits(one: Matcher, value: str) -> bool:
    match one.op:
        case "=":
            return value == one.value
        case "!=":
            return value != one.value
        case "=~":
            return re.fullmatch(one.value, value) is not None
    return re.fullmatch(one.value, value) is None


def _joined(one: Labels, other: Labels) -> dict[str, frozenset[str]]:
    """Labels of either; a label with any value on one side has any."""
    return {
        name: one[name] | other[name]
        if one.get(name) and other.get(name)
        else ANY
        if name in one and name in other
        else one.get(name, other.get(name, ANY))
        for name in {**one, **other}
    }
