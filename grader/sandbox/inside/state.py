"""What fixtures note while student code runs, for probes to tell. Untrusted side."""

repairs: list = []  # sentences, each once
trained: list = []  # entries of fixtures.training, in the order of first steps
evaluated: list = []  # the network last given a batch of test images, if any
settings: dict = {"seed": 0, "epochs": 0, "rule": "evaluated", "fast": True}
listeners: list = []  # called with (is it training data, rows) for each batch of the data set


def repaired(sentence):
    """Notes what was mended, once."""
    if sentence not in repairs and len(repairs) < 50:
        repairs.append(sentence)
