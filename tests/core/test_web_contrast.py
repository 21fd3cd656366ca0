"""Text keeps 4.5:1 and graphics 3:1 in every theme, worked out from the tokens that the pages use."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

import watchfloor.web

CSS = Path(watchfloor.web.__file__).parent / "static" / "css"
THEMES = {"dark": (), "light": ("light",), "contrast": ("contrast",)}
TEXT = ["text", "quiet", "accent"]
GROUNDS = ["background", "card", "raised"]
STATES = ["alive", "warning", "broken"]
CATEGORIES = [f"category-{n}" for n in range(1, 7)]
RAMP = [f"ramp-{n}" for n in range(1, 7)]


def tokens(theme: str) -> dict[str, str]:
    """The custom properties of a theme, as its style sheets set them one over the other."""
    text = "".join((CSS / f"{name}.css").read_text() for name in ("tokens", *THEMES[theme]))
    return dict(re.findall(r"--([\w-]+):\s*([^;]+);", text))


def luminance(colour: str) -> float:
    """The relative luminance of `#rrggbb`, as WCAG defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def weak(theme: str, names: list[str], grounds: list[str], least: float) -> list[str]:
    found = tokens(theme)
    pairs = [(name, ground) for name in names for ground in grounds]
    ratios = [(name, ground, contrast(found[name], found[ground])) for name, ground in pairs]
    return [f"--{name} on --{ground}: {ratio:.2f}" for name, ground, ratio in ratios if ratio < least]


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
def test_text_can_be_read(theme: str) -> None:
    least = 7 if theme == "contrast" else 4.5
    assert weak(theme, TEXT, GROUNDS, least) == []
    assert weak(theme, ["highlight"], ["highlight-tint", "card"], least) == []


@pytest.mark.parametrize("theme", THEMES)
def test_graphics_can_be_seen(theme: str) -> None:
    assert weak(theme, [*STATES, *CATEGORIES, "bar", "highlight"], ["card", "background"], 3) == []
    assert weak(theme, ["control"], GROUNDS, 3) == []


@pytest.mark.parametrize("theme", THEMES)
def test_the_ramp_goes_one_way_and_ends_far_from_the_card(theme: str) -> None:
    found = tokens(theme)
    steps = [contrast(found[name], found["card"]) for name in RAMP]
    assert all(fewer < more for fewer, more in pairwise(steps))
    assert steps[-1] >= 3


@pytest.mark.parametrize("theme", ["light", "contrast"])
def test_a_theme_gives_every_colour_and_nothing_else(theme: str) -> None:
    given = {name for name, value in tokens("dark").items() if re.match(r"#|rgb", value)}
    own = set(re.findall(r"--([\w-]+):", (CSS / f"{theme}.css").read_text()))
    assert own == given


def test_no_other_sheet_of_the_core_has_colours_of_its_own() -> None:
    for sheet in CSS.glob("*.css"):
        if sheet.stem in ("tokens", *THEMES):
            continue
        rules = re.sub(r"rgb\(0 0 0 / \d+%\)", "", sheet.read_text())  # a shade over what lies below
        assert not re.search(r"#[0-9a-fA-F]{3,8}\b(?=[;, )])|rgb\(|hsl\(", rules), sheet.name
