"""What is wrong with a file that a user wrote, in lines for people."""

from typing import Any

from pydantic import BaseModel, ValidationError

_WORDS = {
    "missing": "is missing",
    "int_type": "is not a whole number",
    "string_type": "is not text",
    "bool_type": "is not true or false",
    "dict_type": "is not a mapping",
    "list_type": "is not a list",
    "model_type": "is not a mapping",
}


def lines_of(failure: ValidationError, model: type[BaseModel]) -> list[str]:
    """`driver.cores: 0 must be 1 or more`."""
    lines = []
    for one in failure.errors():
        places = [x for x in one["loc"] if x != "[key]"]
        steps = "".join(f"[{x}]" if isinstance(x, int) else f".{x}" for x in places)
        key, kind, context = steps.lstrip("."), one["type"], one.get("ctx") or {}
        value = "" if isinstance(one["input"], dict | list) else f"{one['input']!r} "
        match kind:
            case "missing":
                lines.append(f"{key}: is missing")
            case "extra_forbidden":
                lines.append(
                    f"{key}: there is no such key; allowed: {', '.join(_keys(model, one['loc']))}"
                )
            case "greater_than_equal":
                lines.append(f"{key}: {value}must be {context['ge']} or more")
            case "less_than_equal":
                lines.append(f"{key}: {value}must be {context['le']} or less")
            case "literal_error":
                lines.append(f"{key}: {value}must be {context['expected']}")
            case "value_error":
                text = str(context["error"])
                lines.append(f"{key}: {value}{text}" if key else text)
            case _:
                lines.append(f"{key}: {value}{_WORDS.get(kind, one['msg'])}")
    return lines


def _keys(model: Any, location: tuple[int | str, ...]) -> list[str]:
    """The keys of the section that a key is in."""
    for step in location[:-1]:
        fields = {one.alias: one for one in getattr(model, "model_fields", {}).values()}
        annotation: Any = fields[step].annotation if step in fields else None
        options = [annotation, *getattr(annotation, "__args__", ())]
        model = next((x for x in options if isinstance(x, type) and issubclass(x, BaseModel)), None)
    return [str(one.alias) for one in getattr(model, "model_fields", {}).values()]
