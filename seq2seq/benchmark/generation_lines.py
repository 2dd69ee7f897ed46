"""The table of what generating costs."""

from seq2seq.benchmark.report import machine_lines

PARTS = {
    "tokenize": "tokenize",
    "encode": "encode",
    "steps": "the model's steps",
    "keep": "its state follows",
    "search": "the search's own",
    "detokenize": "detokenize",
    "rest": "batches, and the rest",
}


def generation_lines(result: dict):
    """Yields (name, value) for each line of the table."""
    seconds, latency = result["seconds"], result["latency_seconds"]
    yield "sentences a second", f"{result['sentences_a_second']:,.1f}"
    yield "target tokens a second", f"{result['target_tokens_a_second']:,.0f}"
    yield "source tokens a second", f"{result['source_tokens_a_second']:,.0f}"
    spread = f"{seconds['least']:,.2f} to {seconds['most']:,.2f} s"
    told = f"{seconds['median']:,.2f} s, median of {result['repeats']} ({spread})"
    yield f"all {result['texts']:,} texts, by length", told
    yield f"latency of one text, of {latency['texts']:,}", ""
    for name in ("mean", "p50", "p95", "p99", "most"):
        yield f"  {name}", f"{1e3 * latency[name]:,.1f} ms"
    for kind, title in (("batched", "time by part"), ("single", "time by part, one at a time")):
        yield from _parts(title, result["parts"][kind])
    yield from machine_lines(result)


def _parts(title: str, found: dict):
    seconds, steps = found["seconds"], found["steps"]
    yield title, f"{seconds['whole']:,.2f} s with clocks, {steps:,} steps"
    for part, name in PARTS.items():
        share = seconds[part] / seconds["whole"]
        each = f"{1e3 * seconds[part] / max(1, steps):,.2f} ms a step"
        yield f"  {name}", f"{share:6.1%}{f'  {each}' if part == 'steps' else ''}"
