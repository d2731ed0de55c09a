"""What fixtures note while student code runs, for probes to tell. Untrusted side."""

repairs: list = []  # sentences, each once
trained: list = []  # entries of fixtures.training, in the order of first steps
by_hand: list = []  # entries of what backward passes go to that no optimizer's step followed
evaluated: list = []  # what was called with a batch of test images: networks, or parts; last, last
judged: list = []  # a few batches of test images: their rows, and what the network was given
fed: dict = {}  # by "is it training data": the data set that batches were last taken from
elsewhere: list = []  # True once a GPU was asked for that is not here
stopped: list = []  # the budget that ended the training, if one did: "epochs" or "seconds"
settings: dict = {"seed": 0, "epochs": 0, "seconds": 0, "rule": "evaluated", "fast": True}
read: list = []  # names of files beside the notebook that were read as they came
listeners: list = []  # called for each batch: is it training data, or None; size; rows; fetcher


def repaired(sentence):
    """Notes what was mended, once."""
    if sentence not in repairs and len(repairs) < 50:
        repairs.append(sentence)
