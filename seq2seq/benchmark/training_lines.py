"""The table of what training costs."""

from seq2seq.benchmark.report import machine_lines


def training_lines(result: dict):
    """Yields (name, value) for each line of the table."""
    step, padding = result["step_seconds"], result["padding"]
    yield "target tokens a second", f"{result['target_tokens_a_second']:,.0f} (padding not counted)"
    yield "  median of the steps' own", f"{result['target_tokens_a_second_median']:,.0f}"
    yield "source tokens a second", f"{result['source_tokens_a_second']:,.0f}"
    sides = " · ".join(f"{side} {share:.1%}" for side, share in padding.items())
    yield "share of padding", sides
    yield "step, median", f"{1e3 * step['median']:,.1f} ms"
    parts = {"input": "input", "forward_backward": "forward and backward", "update": "update"}
    for name, shown in parts.items():
        yield f"  {shown}", f"{1e3 * step[name]:,.1f} ms"
    yield "batches in an update", f"{result['accumulate']}"
    yield from _model_lines(result)


def _model_lines(result: dict):
    product, dtype = result["matrix_product_flops_a_second"], result["matrix_product_dtype"]
    yield "model's operations", f"{result['model_flops_a_second'] / 1e9:,.1f} GFLOP/s"
    share = f"{result['utilisation']:.1%} of the measured matrix-product speed"
    yield "  utilisation", share
    yield "  matrix products", f"{product / 1e9:,.0f} GFLOP/s in {dtype}"
    first, *others = result["shapes"]
    shape = "rows {rows}, source {source}, target {target}".format(**first)
    yield "shapes seen", f"{1 + len(others)}; most often {shape}"
    kind = f"{result['strategy']}, {result['replicas']} replicas, {result['workers']} workers"
    yield "strategy", kind
    yield from machine_lines(result)
