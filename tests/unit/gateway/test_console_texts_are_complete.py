"""Every sentence on screen stands in both languages, and every template uses sentences that exist."""

import re
import string
from pathlib import Path

import pytest

from gateway.console.texts import texts

_TEMPLATES = sorted((Path(__file__).parents[3] / "gateway" / "console" / "templates").glob("*.html"))
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def _holes(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_sentences_with_the_same_holes() -> None:
    zh, en = texts("zh-CN"), texts("en")
    assert set(zh) == set(en)
    assert {key for key in zh if _holes(zh[key]) != _holes(en[key])} == set()


def test_the_english_side_is_english() -> None:
    assert [key for key, text in texts("en").items() if _CHINESE.search(text) and key != "other_language.name"] == []


@pytest.mark.parametrize("template", _TEMPLATES, ids=lambda path: path.name)
def test_a_template_uses_only_sentences_that_exist_and_holds_none_itself(template: Path) -> None:
    source = template.read_text("utf-8")
    used = set(re.findall(r"\bt\(\"([^\"]+)\"\s*[,)]", source))
    assert used - set(texts("zh-CN")) == set()
    assert _CHINESE.findall(re.sub(r"{#.*?#}|[：；（）]", "", source, flags=re.S)) == []
    assert "style=" not in source
    assert re.search(r"<script(?![^>]*\bsrc=)", source) is None
    assert re.search(r"\bon[a-z]+=", source) is None
