"""Probes by name, as `module:function`, imported when first asked. Untrusted side."""

PROBES: dict[str, str] = {
    "confusion": "probes.confusion:confusion",
    "kfold": "probes.kfold:kfold",
}
