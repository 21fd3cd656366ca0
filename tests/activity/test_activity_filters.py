"""The filter language: what it means, what it refuses and how, and that nothing typed breaks it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor_activity.defang import defang
from watchfloor_activity.filters import (
    DEEPEST,
    EVERYTHING,
    FIELDS,
    TEXT,
    Every,
    FilterError,
    Has,
    Is,
    Not,
    Some,
    Tree,
    matches,
    parse,
    quoted,
)

# What Python and the browsers must agree on; tests/browser reads it too.
AGREED = json.loads((Path(__file__).parent / "agreed.json").read_text(encoding="utf-8"))
ITEM: dict[str, Any] = AGREED["item"]


@pytest.mark.parametrize(("text", "expected"), AGREED["filters"])
def test_a_filter_lets_through_what_it_says(text: str, expected: bool) -> None:
    assert matches(parse(text), ITEM) is expected


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("  ", EVERYTHING),
        ("a b", Every((Has(TEXT, ("a",)), Has(TEXT, ("b",))))),
        ("a AND b OR c", Some((Every((Has(TEXT, ("a",)), Has(TEXT, ("b",)))), Has(TEXT, ("c",))))),
        ("a (b OR c)", Every((Has(TEXT, ("a",)), Some((Has(TEXT, ("b",)), Has(TEXT, ("c",))))))),
        ("NOT a b", Every((Not(Has(TEXT, ("a",))), Has(TEXT, ("b",))))),
        ("--a", Not(Not(Has(TEXT, ("a",))))),
        ("and or not", Every((Has(TEXT, ("and",)), Has(TEXT, ("or",)), Has(TEXT, ("not",))))),
        ("ORG:x", Has(("org",), ("x",))),
        ('org:"A B"', Has(("org",), ("a b",), whole=True)),
        (r'"a\*b\"c\\d\e"', Has(TEXT, ('a*b"c\\d\\e',))),
        ("is:NEW", Is(new=True)),
        ("tag:tlp:amber+strict", Has(("tags",), ("tlp:amber+strict",))),
        ("org:-x", Has(("org",), ("-x",))),
        ("org:OR", Has(("org",), ("or",))),
        ("a - b", Every((Has(TEXT, ("a",)), Has(TEXT, ("-",)), Has(TEXT, ("b",))))),
        ("198.51.100.7:80", Has(TEXT, ("198.51.100.7:80",))),
        ("https://a.example/x", Has(TEXT, ("https://a.example/x",))),
        (
            'tag:misp-galaxy:threat-actor="APT 28"',
            Has(("tags",), ('misp-galaxy:threat-actor="apt 28"',)),
        ),
    ],
)
def test_what_is_typed_means_one_tree(text: str, tree: Tree) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('a "b', 'At character 3: this quotation mark is not closed; add a " where the text ends.'),
        ("(a", "At character 1: this '(' is not closed; add a ')'."),
        ("a)", "At character 2: this ')' closes nothing: remove it, or open a '(' before it."),
        ("()", "At character 2: there is nothing before this ')': a word or a field must stand there."),
        ("a AND", "At character 6: something is missing at the end: a word or a field."),
        ("OR a", "At character 1: a word or a field must stand before OR."),
        ("a OR AND b", "At character 6: a word or a field must stand before AND."),
        ("  org: x", "At character 3: org: wants a value directly behind it, such as org:CIRCL."),
        ("is:", "At character 1: is: wants a value directly behind it, such as is:new."),
        ("is:old", "At character 4: an attribute is:new or is:seen, not 'old'."),
        (
            "ogr:CIRCL",
            "At character 1: there is no field 'ogr': write org:, or quotation marks around a text.",
        ),
    ],
)
def test_what_makes_no_sense_is_answered_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(FilterError) as raised:
        parse(text)
    assert str(raised.value) == sentence


@pytest.mark.parametrize("opener", ["(", "NOT ", "-", "-("])
def test_what_is_nested_too_deep_is_refused(opener: str) -> None:
    with pytest.raises(FilterError, match=f"more than {DEEPEST} parentheses or NOTs"):
        parse(opener * 900 + "a")


TYPED = [*'ab:"()-* \\\u202e\n', "org:", "NOT ", "AND ", "is:new"]


@given(st.lists(st.sampled_from(TYPED)).map("".join) | st.text())
def test_nothing_that_is_typed_breaks_it(text: str) -> None:
    try:
        tree = parse(text)
    except FilterError:
        return
    assert matches(tree, ITEM) in (True, False)
    assert json.loads(json.dumps(tree.plain)) == tree.plain


@given(st.text(max_size=40), st.sampled_from(sorted(FIELDS)))
def test_a_quoted_text_matches_itself_alone(text: str, field: str) -> None:
    name, others = FIELDS[field][0], dict.fromkeys(("event_id", "event_uuid"), "something else")
    items: list[dict[str, Any]] = [
        {**others, name: [[one, ""]] if name == "tags" else one} for one in (text, f"{text}x", f"x{text}")
    ]
    tree = parse(f"{field}:{quoted(text)}")
    assert [matches(tree, item) for item in items] == [True, False, False]


def conditions() -> st.SearchStrategy[Tree]:
    parts = st.lists(st.text(alphabet='ab *"\\é', max_size=4), min_size=1, max_size=3).map(tuple)
    texts = st.builds(Has, st.just(TEXT), parts)
    fields = st.builds(Has, st.sampled_from(sorted(FIELDS.values())), parts, st.just(True))
    return texts | fields | st.builds(Is, st.booleans())


def trees() -> st.SearchStrategy[Tree]:
    def joined(children: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
        several = st.lists(children, min_size=2, max_size=3).map(tuple)
        return st.builds(Not, children) | st.builds(Every, several) | st.builds(Some, several)

    return st.recursive(conditions(), joined, max_leaves=12)


def written(tree: Tree) -> str:
    """A tree as somebody could type it."""
    match tree:
        case Has():
            field = next((f"{name}:" for name, fields in FIELDS.items() if fields == tree.fields), "")
            return field + '"' + "*".join(quoted(part)[1:-1] for part in tree.parts) + '"'
        case Is():
            return "is:new" if tree.new else "is:seen"
        case Not():
            return f"NOT ({written(tree.tree)})"
        case Every():
            return " ".join(f"({written(part)})" for part in tree.trees)
        case Some():
            return " OR ".join(f"({written(part)})" for part in tree.trees)


@given(trees())
def test_a_tree_that_is_written_reads_as_the_same_tree(tree: Tree) -> None:
    assert parse(written(tree)) == tree


@pytest.mark.parametrize(("value", "kind", "expected"), AGREED["defanged"])
def test_a_value_is_defanged(value: str, kind: str, expected: str) -> None:
    assert defang(value, kind) == expected
