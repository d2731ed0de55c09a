"""Probes by name, as `module:function`, imported when first asked. Untrusted side."""

PROBES: dict[str, str] = {
    "call_function": "probes.functions:call_function",
    "call_plot": "probes.figures:call_plot",
    "call_results": "probes.results:call_results",
    "confusion": "probes.confusion:confusion",
    "draw": "probes.results:draw",
    "export": "probes.export:export",
    "figures": "probes.figures:figures",
    "histories": "probes.training:histories",
    "kfold": "probes.kfold:kfold",
    "network": "probes.training:network",
    "predictions": "probes.training:predictions",
    "repairs": "probes.repairs:repairs",
    "shifted_calls": "probes.functions:shifted_calls",
    "split": "probes.training:split",
    "within": "probes.apart:within",
}
