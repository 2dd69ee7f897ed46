"""The web page, in a browser: Chromium without a window."""

import shutil
import threading

import numpy as np
import pytest
from fake_page_server import LIMITS, attention_of, detailed, fake_server, pieces_of

PROGRAMS = "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"
OPTIONS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MANY = threading.Semaphore  # of parts that a stream may tell
TEXT = "big dogs run."


@pytest.fixture(scope="module")
def browser():
    """Starts Chromium once for all tests of this file."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip(f"no browser: none of {', '.join(PROGRAMS)} is installed")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as running:
        with running.chromium.launch(executable_path=program, args=OPTIONS) as browser:
            yield browser


@pytest.fixture(scope="module")
def fake():
    with fake_server() as server:
        yield server


@pytest.fixture
def web(fake):
    """The server, as a test wants it."""
    fake.reset()
    return fake


@pytest.fixture
def opened(browser, web):
    """Opens the page in contexts of their own; in the end nothing may have gone wrong in one."""
    contexts, wrong = [], []

    def open_page(script=None, url=web.url, **options):
        context = browser.new_context(**options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda told: told.type == "error" and wrong.append(told.text))
        if script:
            page.add_init_script(script)
        page.goto(url)
        page.wait_for_selector("#run:enabled")
        return page

    yield open_page
    for context in contexts:
        context.close()
    # A browser logs each answer of 400 and more by itself.
    logged = "Failed to load resource"
    assert [each for each in wrong if not (web.failed and each.startswith(logged))] == []


@pytest.fixture
def page(opened):
    return opened()


def run(page, text, mode=None):
    """Types and runs a text -> the output, once it is whole."""
    if mode:
        page.locator(f"[data-mode={mode}]").click()
    page.fill("#source", text)
    page.click("#run")
    return whole(page)


def whole(page):
    page.wait_for_selector("#output[aria-busy=false]")
    return page.evaluate("document.getElementById('output').textContent")


def has(page, selector, text):
    """Waits until an element has just this text."""
    page.wait_for_function(
        "([selector, text]) => document.querySelector(selector)?.textContent === text",
        arg=[selector, text],
    )


def imported(page, module, expression):
    """Computes an expression with a module of the page."""
    return page.evaluate(f"import('/page/{module}').then((module) => {expression})")


def test_the_page_tells_what_is_served(page):
    assert page.title() == page.inner_text("h1") == "shouter"
    told = page.inner_text("#about")
    assert "Version 3" in told and str(LIMITS["source_tokens"]) in told
    page.click("#example")
    assert page.input_value("#source") == "A dog runs."


def test_the_output_grows_while_it_is_found(page, web):
    web.parts = MANY(2)
    page.fill("#source", TEXT)
    page.click("#run")
    has(page, "#output", "BIG DOGS")
    assert page.get_attribute("#output", "aria-busy") == "true"
    web.parts.release(9)
    assert whole(page) == "BIG DOGS RUN."
    assert web.asked[0] == ("/v1/models/shouter:stream", {"text": TEXT})


def test_alternatives_stand_in_their_order_with_scores_and_can_be_used(page):
    run(page, TEXT, "best")
    page.wait_for_selector(".ranked")
    lines = page.locator(".ranked li")
    assert lines.locator(".text").all_inner_texts() == ["BIG DOGS RUN.", "BIG DOGS RUN.!"]
    assert lines.locator(".score").all_inner_texts() == ["−0.50", "−1.25"]
    lines.nth(1).get_by_role("button").click()
    has(page, "#output", "BIG DOGS RUN.!")
    assert lines.nth(1).get_attribute("aria-current") == "true"


def test_no_more_alternatives_are_shown_than_are_asked_for(page):
    page.locator("[data-mode=best]").click()
    page.fill("[name=alternatives]", "1")
    run(page, TEXT)
    page.wait_for_selector(".ranked")
    assert page.locator(".ranked li").count() == 1


def test_the_heat_map_joins_the_attention_of_pieces_to_that_of_words(page):
    run(page, TEXT)
    page.wait_for_selector(".heat-map")
    rows = page.locator(".heat-map tbody tr").all()
    shown = [[float(cell) for cell in row.locator("td").all_inner_texts()] for row in rows]
    pieces = len(pieces_of(TEXT))  # of big, dogs and run two each, the full stop, END
    join = np.kron(np.eye(5), [1, 1])[:, [0, 1, 2, 3, 4, 5, 6, 8]]
    mean = join / join.sum(axis=1, keepdims=True)
    wanted = mean @ np.array(attention_of(pieces, pieces)) @ join.T
    np.testing.assert_allclose(shown, wanted, atol=0.00501)
    heads = page.locator(".heat-map [scope=col]").all_inner_texts()
    assert heads == ["big", "dogs", "run", ".", "end"]


def test_pointing_at_a_cell_tells_its_words_and_weight(page):
    run(page, TEXT)
    page.locator(".heat-map tbody tr").nth(1).locator("td").nth(0).hover()
    weights = np.array(detailed(TEXT)["alignments"])[2:4, 0:2].sum(axis=1).mean()
    has(page, ".readout", f"DOGS ← big: {weights:.2f}")


@pytest.mark.parametrize(
    "pieces, spelt",
    [
        (["▁Ein", "▁Hu", "nd", ".", "</s>"], ["Ein", "Hund", ".", ""]),
        (["⇧", "▁the", "⇧", "▁u", "⇧", "s", "▁p", "⇧", "a"], ["The", "US", "pA"]),
        (["▁3", ".", "5", "▁don", "'", "t", "!", "?"], ["3.5", "don't", "!?"]),
        (["▁caf", "<0xC3>", "<0xA9>", "</s>"], ["café", ""]),
        (["a", " ", "b", "c"], ["a", "bc"]),
        (["▁", "猫", "は", "好き"], ["", "猫", "は", "好き"]),
    ],
)
def test_pieces_of_every_tokenizer_join_to_words(page, pieces, spelt):
    assert imported(page, "words.js", f"module.words({pieces}).map((word) => word.text)") == spelt


def test_sampling_asks_as_the_settings_say(page, web):
    page.locator("[data-mode=sample]").click()
    for name, value in dict(temperature=1.5, top_k=7, top_p=0.4, seed=123).items():
        page.fill(f"[name={name}]", str(value))
    assert run(page, "one. Two.") == "ONE.? TWO.?"
    (asked,) = web.bodies("sample")
    assert asked == {
        "text": ["one.", "Two."],
        "temperature": [1.5, 1.5],
        "top_k": [7, 7],
        "top_p": [0.4, 0.4],
        "seed": [123, 123],
    }


def test_a_new_seed_is_drawn_and_told_where_none_is_given(page, web):
    for _ in range(2):
        run(page, TEXT, "sample")
    seeds = [asked["seed"][0] for asked in web.bodies("sample")]
    assert seeds[0] != seeds[1] and page.inner_text("#status").endswith(f"seed {seeds[1]}")


def test_a_setting_that_is_not_allowed_asks_nothing(page, web):
    page.locator("[data-mode=sample]").click()
    page.fill("[name=top_p]", "1.5")
    page.fill("#source", TEXT)
    page.click("#run")
    assert page.evaluate("document.activeElement.name") == "top_p" and web.asked == []


def test_only_what_the_model_has_is_offered(opened, web):
    web.stream, web.signatures = False, {"serving_default": {}}
    page = opened()
    assert page.locator("[data-mode]:visible").all_inner_texts() == ["Best"]
    assert run(page, TEXT) == "BIG DOGS RUN."
    assert page.locator("#attention").is_hidden() and page.locator("#example").is_hidden()
    assert [body["signature_name"] for _, body in web.asked] == ["serving_default"]


@pytest.mark.parametrize("script", [None, "delete Intl.Segmenter"])
def test_long_texts_are_asked_in_batches_and_keep_their_paragraphs(opened, web, script):
    page = opened(script)
    paragraph = " ".join(f"Sentence {number} is here." for number in range(21))
    text = f"{paragraph}\n\n{paragraph}\nMr. Smith asks: why?  Yes!"
    assert run(page, text, "best") == text.upper()
    asked = web.texts("nbest")
    assert len(asked) == 44 and asked[42:] == ["Mr. Smith asks: why?", "Yes!"]
    assert max(len(body["text"]) for body in web.bodies("nbest")) == 16
    assert page.inner_text("#status").startswith("44 sentences")


def test_a_text_can_be_read_by_paragraph_or_as_a_whole(page, web):
    text = "One. Two.\n\nThree."
    for unit in ("paragraph", "text"):
        page.select_option("[name=unit]", unit)
        assert run(page, text, "best") == text.upper()
    assert web.texts("nbest")[:3] == ["One. Two.", "Three.", text]


def test_sentences_without_spaces_between_them_are_split_and_stay_so(page, web):
    assert run(page, "猫がいる。犬もいる。", "best") == "猫がいる。犬もいる。"
    assert web.texts("nbest") == ["猫がいる。", "犬もいる。"]


def test_markup_is_shown_as_text(page, web):
    markup = '<img src=x onerror="alert(1)"><script>alert(1)</script>'
    assert run(page, markup, "best") == markup.upper()
    page.wait_for_selector(".heat-map")
    web.faults = [(400, markup)]
    run(page, markup)
    assert markup in page.inner_text("#message")
    assert page.locator("body img, body script").count() == 0


def test_everything_can_be_done_by_keyboard(page):
    page.keyboard.type("big dogs run. We saw them.")
    page.keyboard.press("Control+Enter")
    whole(page)
    order = []
    for _ in range(4):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert order == ["run", "example", "sentence", "copy"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_selector(".heat-map")
    assert page.inner_text("#details-title") == "Sentence 2 of 2"
    for key in ["Tab"] * 4 + ["ArrowDown", "End", "ArrowLeft"]:
        page.keyboard.press(key)
    assert page.inner_text(".readout").startswith("SAW ← .")


def test_a_run_that_is_cancelled_ends_on_the_server_too(page, web):
    web.parts = MANY(1)
    page.fill("#source", " ".join(["word"] * 2000))
    page.keyboard.press("Control+Enter")
    has(page, "#output", "WORD")
    page.keyboard.press("Escape")
    has(page, "#status", "Cancelled")
    assert whole(page) == "WORD"
    web.parts.release(3000)
    for _ in range(100):
        if web.gone:
            break
        page.wait_for_timeout(50)
    assert web.gone == 1


def test_a_busy_server_is_asked_again(page, web):
    web.faults = [(429, "the queue is full"), (503, "the queue is full")]
    assert run(page, TEXT, "best") == "BIG DOGS RUN."
    assert len(web.texts("nbest")) == 3 and page.locator("#message").is_hidden()


@pytest.mark.parametrize(
    "faults, said",
    [
        ([(429, "the queue is full")] * 5, "The server is busy. Try again in a moment."),
        ([(413, "more than 9 bytes")], "The text is too long for one request."),
        ([(504, "no answer within 30 s")], "The server did not answer in time."),
        ([(404, "no such model")], "The model is not served any more."),
        ([(400, "not so")], "The server could not answer (400)."),
    ],
)
def test_what_a_server_refuses_is_told_with_what_to_do(page, web, faults, said):
    web.faults = list(faults)
    run(page, TEXT)
    told = page.inner_text("#message")
    assert told.startswith(said) and told.endswith(faults[0][1])
    assert len(web.asked) == len(faults)


@pytest.mark.parametrize(
    "text, said",
    [
        ("we fail here", "the model fails"),
        ("we break off", "The server does not answer."),
    ],
)
def test_a_stream_that_breaks_off_keeps_what_was_found_and_says_so(page, text, said):
    assert run(page, text).startswith("WE")
    assert said in page.inner_text("#message")


def test_a_server_that_is_gone_is_told(opened, web):
    with fake_server() as ending:
        page = opened(url=ending.url)
    web.failed = True  # the browser logs the refused connection
    assert run(page, TEXT) == ""
    assert page.inner_text("#message").startswith("The server does not answer.")


def test_the_output_can_be_copied(opened):
    page = opened(permissions=["clipboard-read", "clipboard-write"])
    run(page, "One.\n\nTwo.", "best")
    page.click("#copy")
    has(page, "#copy", "Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "ONE.\n\nTWO."


def test_right_to_left_text_begins_at_the_right(page):
    run(page, "שלום עולם.")
    for place in ("#source", "#output"):
        direction = f"getComputedStyle(document.querySelector('{place}')).direction"
        assert page.evaluate(direction) == "rtl"


def test_nothing_is_wider_than_a_telephone(opened):
    page = opened(viewport={"width": 360, "height": 740})
    for mode in ("live", "best", "sample"):
        run(page, f"{TEXT} {'A word and ' * 12} {'x' * 200}.", mode)
        page.locator(".sentence").last.click()
        page.wait_for_selector(".heat-map")
        width, inside = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width <= inside == 360


# Of each text that is seen: what it says, its colour and the one behind it, as bytes.
COLOURS = """(elements) => {
  const context = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const numbers = (colour) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const behind = (element) => {
    const colour = numbers(getComputedStyle(element).backgroundColor);
    return colour[3] === 255 ? colour : behind(element.parentElement);
  };
  return elements
    .map((element) => [element, element.value || element.innerText])
    .filter(([element, text]) => text && element.checkVisibility())
    .map(([element, text]) => [text, numbers(getComputedStyle(element).color), behind(element)]);
}"""


def contrast(colours):
    """Computes WCAG 2.2's contrast ratio of two colours."""
    channels = np.array(colours)[:, :3] / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    dark, light = sorted(linear @ [0.2126, 0.7152, 0.0722])
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out(opened, web, scheme):
    page = opened(color_scheme=scheme)
    texts = page.locator("h1, h2, h3, p, label, span, button, input, select, textarea, th")
    web.faults = [(400, "not so")]
    run(page, TEXT, "sample")
    seen = texts.evaluate_all(COLOURS)
    assert any(text.endswith("not so") for text, *_ in seen)
    run(page, f"{TEXT} {TEXT}", "best")
    page.locator(".sentence").first.click()
    page.wait_for_selector(".heat-map")
    seen += texts.evaluate_all(COLOURS)
    assert {"Shown", "−1.25", "dogs", "Copy"} <= {text for text, *_ in seen}
    assert not {text: ratio for text, *pair in seen if (ratio := contrast(pair)) < 4.5}
    behind = np.array(seen[0][2])[:3].mean()
    assert behind < 64 if scheme == "dark" else behind > 192


def test_the_theme_that_is_chosen_stays(opened):
    page = opened(color_scheme="light")
    page.click("#theme")
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"


@pytest.mark.parametrize("mode, written", [("live", "One. Two."), ("best", "ONE. TWO.")])
def test_the_real_server_answers_the_page(opened, own, mode, written):
    # The small model tells texts as they are, and shouts them in its answers.
    assert run(opened(url=own.url), "One. Two.", mode) == written
