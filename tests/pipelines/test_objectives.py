"""Tests of the objectives that make pairs of passages."""

import re
from collections import Counter

import pytest

from pipelines.faults import Fault
from pipelines.objectives import OBJECTIVES, find_objective, speak

PASSAGE = {"title": "Albedo", "text": "Albedo is a ratio. It isn't 1.5! Snow (new) is at 80%."}


@pytest.mark.parametrize("kind", OBJECTIVES)
def test_an_objective_gives_the_same_pair_each_time(kind):
    pairs = [find_objective({"kind": kind})(PASSAGE) for _ in range(2)]
    assert pairs[0] == pairs[1]
    assert all(isinstance(text, str) and text for text in pairs[0])


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


def test_speaking_what_was_spoken_changes_nothing():
    assert speak(speak(PASSAGE["text"])) == speak(PASSAGE["text"])


def test_restore_asks_for_the_passage_itself():
    source, target = find_objective({"kind": "restore"})(PASSAGE)
    assert target == PASSAGE["text"]
    assert source == "albedo is a ratio it isn't 1.5 snow new is at 80%"


def test_title_asks_for_the_title():
    assert find_objective({"kind": "title"})(PASSAGE) == (PASSAGE["text"], "Albedo")


def test_lead_asks_for_the_first_sentence():
    source, target = find_objective({"kind": "lead"})(PASSAGE)
    assert target == "Albedo is a ratio."
    assert source == "It isn't 1.5! Snow (new) is at 80%."


def test_lead_cannot_use_a_single_sentence():
    with pytest.raises(Fault, match="one sentence only"):
        find_objective({"kind": "lead"})({"title": "Albedo", "text": "Albedo is a ratio."})


def test_denoise_without_noise_changes_nothing():
    clean = find_objective({"kind": "denoise", "delete": 0.0, "swap": 0.0})
    assert clean(PASSAGE) == (PASSAGE["text"], PASSAGE["text"])


def test_denoise_only_deletes_and_moves_words():
    noisy = find_objective({"kind": "denoise", "delete": 0.3, "swap": 0.3})
    source, target = noisy({"title": "", "text": " ".join(f"w{n}" for n in range(200))})
    assert not Counter(source.split()) - Counter(target.split())
    assert 100 < len(source.split()) < 180
    numbers = [int(word) for word in re.findall(r"\d+", source)]
    assert numbers != sorted(numbers)


def test_denoise_leaves_a_word_of_every_passage():
    noisy = find_objective({"kind": "denoise", "delete": 0.99})
    assert all(noisy({"title": "", "text": f"one{n} two"})[0] for n in range(50))


def test_denoise_depends_on_its_seed():
    sources = {
        find_objective({"kind": "denoise", "seed": n, "delete": 0.5})(PASSAGE)[0] for n in range(9)
    }
    assert len(sources) > 1


def test_an_unknown_objective_is_an_error_that_names_the_known_ones():
    with pytest.raises(ValueError, match=r"'restor' of objective \(known: restore, title, lead"):
        find_objective({"kind": "restor"})


def test_an_unknown_option_is_an_error_that_names_the_known_ones():
    with pytest.raises(ValueError, match="denoise has no option 'rate'.*known: delete, seed, swap"):
        find_objective({"kind": "denoise", "rate": 0.5})


def test_a_probability_of_one_is_an_error():
    with pytest.raises(ValueError, match="delete is a probability below 1, not 1.0"):
        find_objective({"kind": "denoise", "delete": 1})
