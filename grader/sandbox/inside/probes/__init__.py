"""Probes by name, as `module:function`, imported when first asked. Untrusted side."""

PROBES: dict[str, str] = {
    "call_function": "probes.functions:call_function",
    "call_plot": "probes.figures:call_plot",
    "confusion": "probes.confusion:confusion",
    "figures": "probes.figures:figures",
    "kfold": "probes.kfold:kfold",
    "shifted_calls": "probes.functions:shifted_calls",
}
