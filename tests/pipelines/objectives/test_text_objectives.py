"""Objectives that make their pairs of an article's text."""

import re

import pytest

from pipelines import plugins
from pipelines.objectives.objective import Objective, find_objective
from pipelines.objectives.restore import speak
from pipelines.wikipedia.article import Article, Section

FOLDER = "pipelines.objectives"
KINDS = [kind for kind in plugins.kinds(FOLDER) if kind != "objective"]
LEAD = ["Albedo is a share of all light.", "It has no unit."]
BODY = ["Clouds are bright.", "Oceans ( are dark.", "Snow isn't dark!", "It is the brightest."]
SPACE = ["It is measured from space."]
ALBEDO = Article(
    7,
    "Albedo",
    [
        Section("", 1, [LEAD]),
        Section("Examples", 2, [BODY[:2], BODY[2:]]),
        Section("Measurement", 2, [SPACE]),
        Section("See also", 2, []),
    ],
)
STUB = Article(8, "Stub", [Section("", 1, [])])


def pairs(article=ALBEDO, **section):
    return list(find_objective(section).pairs(article))


@pytest.mark.parametrize("kind", KINDS)
def test_an_objective_makes_the_same_pairs_each_time(kind):
    assert pairs(kind=kind) == pairs(kind=kind) != []
    assert all(source and target for source, target in pairs(kind=kind))


@pytest.mark.parametrize("kind", KINDS)
def test_an_article_without_text_is_no_example(kind):
    assert pairs(STUB, kind=kind) == []
    assert pairs(Article(9, "Nothing", []), kind=kind) == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_objective_takes_sentences_that_are_not_clean(kind):
    assert not any("(" in text for pair in pairs(kind=kind) for text in pair)


def test_restore_asks_for_each_sentence_as_it_was_written():
    (first, *_), *_, last = pairs(kind="restore"), pairs(kind="restore")[-1]
    assert first == (LEAD[0][0].lower() + LEAD[0][1:-1], LEAD[0])
    assert last == ("it is measured from space", "It is measured from space.")


def test_restore_keeps_what_an_article_says_twice_once():
    twice = Article(1, "A", [Section("", 1, [LEAD, LEAD]), Section("B", 2, [LEAD])])
    assert [target for _, target in pairs(twice, kind="restore")] == LEAD


def test_passages_of_restore_may_have_more_sentences_of_a_paragraph():
    made = pairs(kind="restore", passages={"sentences": 2})
    targets = [target for _, target in made]
    assert targets == [" ".join(LEAD), BODY[0], " ".join(BODY[2:]), *SPACE]


def test_lead_asks_for_the_lead_of_the_body():
    body = " ".join([BODY[0], *BODY[2:], *SPACE])
    assert pairs(kind="lead") == [(f"Albedo: {body}", " ".join(LEAD))]
    (only,) = pairs(kind="lead", lead={"sentences": 1}, body={"characters": 60})
    assert only == (f"Albedo: {' '.join([BODY[0], *BODY[2:]])}", LEAD[0])


def test_lead_leaves_out_articles_whose_body_is_not_longer():
    assert pairs(ALBEDO._replace(sections=ALBEDO.sections[:1]), kind="lead") == []
    assert pairs(kind="lead", body={"sentences": 2}) == []


def test_without_a_lead_there_is_none_to_ask_for():
    headed = ALBEDO._replace(sections=ALBEDO.sections[1:])
    assert pairs(headed, kind="lead") == pairs(headed, kind="title") == []


def test_title_asks_for_the_title_of_the_lead():
    assert pairs(kind="title") == [(" ".join(LEAD), "Albedo")]


def test_heading_asks_for_the_heading_of_each_section():
    assert pairs(kind="heading") == [
        (f"Albedo: {' '.join([BODY[0], *BODY[2:]])}", "Examples"),
        (f"Albedo: {SPACE[0]}", "Measurement"),
    ]


def test_next_section_asks_for_the_section_that_follows():
    examples = " ".join([BODY[0], *BODY[2:]])
    assert pairs(kind="next_section") == [(" ".join(LEAD), examples), (examples, SPACE[0])]


def test_the_program_and_the_reader_know_the_same_options():
    with pytest.raises(ValueError, match="Lead has no option 'bodi'; did you mean 'body'"):
        find_objective({"kind": "lead", "bodi": {}})
    with pytest.raises(ValueError, match="Passages has no option 'sentence'; did you mean 'sent"):
        find_objective({"kind": "restore", "passages": {"sentence": 2}})
    with pytest.raises(ValueError, match="unknown kind 'restor' of Objective; did you mean"):
        find_objective({"kind": "restor"})
    with pytest.raises(ValueError, match="needs a kind"):
        find_objective({})


@pytest.mark.parametrize("kind", ["restore", "lead", "title", "heading", "next_section"])
def test_an_objective_makes_what_its_docstring_shows(kind):
    shown = Article(
        7,
        "Albedo",
        [
            Section("", 1, [["Albedo is a share of all light."]]),
            Section("Examples", 2, [["Clouds are bright.", "Oceans are not."]]),
            Section("Measurement", 2, [["It is measured from space."]]),
            Section("History", 2, [["In 1850, he didn't rest."]]),
        ][: 4 if kind == "restore" else 3],
    )
    told = " ".join(plugins.find(FOLDER, kind, Objective).__doc__.split())
    examples = re.findall(r'"([^"]+)" -> "([^"]+)"', told)
    assert examples and set(examples) <= set(pairs(shown, kind=kind))


@pytest.mark.parametrize(
    "written, spoken",
    [
        ("Well-known? Don't!", "well known don't"),
        (
            "In 1,000 B.C., at 10:30, 3.5% (of R&D) cost $5.",
            "in 1,000 b c at 10:30 3.5% of r&d cost $5",
        ),
        ("The 'n' of \"rock 'n' roll\", dogs' tails", "the n of rock n roll dogs tails"),
        ("O’Neill—née Étienne—left…", "o'neill née étienne left"),
        ("1914–1918: and/or snake_case", "1914 1918 and or snake case"),
        ("—", ""),
    ],
)
def test_speech_has_words_without_case_and_punctuation(written, spoken):
    assert speak(written) == spoken
    assert speak(spoken) == spoken
