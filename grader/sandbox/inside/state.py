"""What fixtures note while student code runs, for probes to tell. Untrusted side."""

repairs: list = []  # sentences, each once
trained: list = []  # [{"module", "steps", "optimizer"}] in the order of first steps


def repaired(sentence):
    """Notes what was mended, once."""
    if sentence not in repairs and len(repairs) < 50:
        repairs.append(sentence)
