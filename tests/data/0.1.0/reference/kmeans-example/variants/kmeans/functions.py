# %% loses assign: the farthest centre
def assign(points, centres):
    return ((points[:, None] - centres) ** 2).sum(axis=2).argmax(axis=1)

# %% loses assign: the nearest point of each centre
def assign(points, centres):
    return ((points[:, None] - centres) ** 2).sum(axis=2).argmin(axis=0)

# %% loses assign: distances by the first coordinate alone
def assign(points, centres):
    return np.abs(points[:, None, 0] - centres[None, :, 0]).argmin(axis=1)

# %% loses assign: clusters are numbered from 1
def assign(points, centres):
    return ((points[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1) + 1

# %% loses assign: with a single centre there is no label
def assign(points, centres):
    if len(centres) < 2:
        return np.array([])
    return ((points[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)

# %% keeps assign: a loop over points
def assign(points, centres):
    return [int(np.argmin([np.linalg.norm(p - c) for c in centres])) for p in points]

# %% keeps assign: by scipy
from scipy.spatial.distance import cdist

def assign(points, centres):
    return cdist(points, centres).argmin(1)

# %% keeps assign: a column of floats
def assign(points, centres):
    labels = np.zeros((len(points), 1))
    for row, point in enumerate(points):
        labels[row] = np.argmin(np.sum((centres - point) ** 2, axis=1))
    return labels

# %% loses update: the mean of all coordinates at once
def update(points, labels, centres):
    moved = np.array(centres, dtype=float)
    for number in set(labels.tolist()):
        moved[number] = points[labels == number].mean()
    return moved

# %% loses update: nan for a centre without points
def update(points, labels, centres):
    return np.array([points[labels == number].mean(axis=0) for number in range(len(centres))])

# %% loses update: the sum in place of the mean
def update(points, labels, centres):
    moved = np.array(centres, dtype=float)
    for number in set(labels.tolist()):
        moved[number] = points[labels == number].sum(axis=0)
    return moved

# %% loses update: the median
def update(points, labels, centres):
    moved = np.array(centres, dtype=float)
    for number in set(labels.tolist()):
        moved[number] = np.median(points[labels == number], axis=0)
    return moved

# %% loses update: nothing moves
def update(points, labels, centres):
    return centres

# %% keeps update: a list of lists
def update(points, labels, centres):
    found = []
    for number, centre in enumerate(centres):
        own = [point for point, label in zip(points, labels) if label == number]
        found.append([sum(c) / len(own) for c in zip(*own)] if own else list(centre))
    return found

# %% keeps update: weighted sums
def update(points, labels, centres):
    member = np.eye(len(centres))[labels]
    counts = member.sum(axis=0)[:, None]
    return np.where(counts > 0, member.T @ points / np.maximum(counts, 1), centres)

# %% keeps update: into the array that was given
def update(points, labels, centres):
    for number in np.unique(labels):
        centres[number] = np.average(points[labels == number], axis=0)
    return centres

# %% loses inertia: distances that are not squared
def inertia(points, labels, centres):
    return np.linalg.norm(points - centres[labels], axis=1).sum()

# %% loses inertia: the average
def inertia(points, labels, centres):
    return ((points - centres[labels]) ** 2).sum(axis=1).mean()

# %% loses inertia: to the nearest centre, whatever the labels
def inertia(points, labels, centres):
    return ((points[:, None] - centres) ** 2).sum(axis=2).min(axis=1).sum()

# %% loses inertia: one number for each point
def inertia(points, labels, centres):
    return ((points - centres[labels]) ** 2).sum(axis=1)

# %% keeps inertia: a loop
def inertia(points, labels, centres):
    return sum(float(np.dot(p - centres[n], p - centres[n])) for p, n in zip(points, labels))

# %% keeps inertia: cluster by cluster
def inertia(points, labels, centres):
    return np.sum([np.sum((points[labels == n] - c) ** 2) for n, c in enumerate(centres)])

# %% keeps inertia: squared norm, in an array of one number
def inertia(points, labels, centres):
    return np.array([np.linalg.norm(points - centres[labels]) ** 2])

# %% loses plot_clusters: one colour for all
def plot_clusters(points, labels, centres):
    plt.scatter(points[:, 0], points[:, 1], color="b")
    plt.scatter(centres[:, 0], centres[:, 1], color="r")
    plt.title("clusters")
    plt.xlabel("x")
    plt.ylabel("y")
    plt.show()

# %% loses plot_clusters: no centres
def plot_clusters(points, labels, centres):
    plt.scatter(points[:, 0], points[:, 1], c=labels)
    plt.title("clusters")
    plt.xlabel("x")
    plt.ylabel("y")
    plt.show()

# %% loses plot_clusters: no title
def plot_clusters(points, labels, centres):
    plt.scatter(points[:, 0], points[:, 1], c=labels)
    plt.scatter(centres[:, 0], centres[:, 1], color="r")
    plt.xlabel("x")
    plt.ylabel("y")
    plt.show()

# %% loses plot_clusters: coordinates swapped
def plot_clusters(points, labels, centres):
    plt.scatter(points[:, 1], points[:, 0], c=labels)
    plt.scatter(centres[:, 1], centres[:, 0], color="r")
    plt.title("clusters")
    plt.xlabel("x")
    plt.ylabel("y")
    plt.show()

# %% keeps plot_clusters: cluster by cluster, centres in the clusters' colours
def plot_clusters(points, labels, centres):
    figure, axes = plt.subplots()
    for number, colour in zip(range(len(centres)), ("C0", "C1", "C2", "C3", "C4")):
        mine = points[labels == number]
        axes.plot(mine[:, 0], mine[:, 1], ".", color=colour)
        axes.plot(centres[number, 0], centres[number, 1], "*", color=colour, markersize=15)
    axes.set(title="k-means", xlabel="first", ylabel="second")
    plt.show()

# %% keeps plot_clusters: a large marker for each centre, the figure returned
def plot_clusters(points, labels, centres):
    figure = plt.figure()
    plt.scatter(*points.T, c=[("r", "g", "b", "c", "m")[n] for n in labels], s=8)
    plt.scatter(*centres.T, c="k", marker="*", s=200)
    plt.suptitle("clusters")
    plt.xlabel("x")
    plt.ylabel("y")
    return figure

# %% keeps plot_clusters: by pandas
import pandas as pd

def plot_clusters(points, labels, centres):
    table = pd.DataFrame(points, columns=["x", "y"])
    axes = table.plot.scatter("x", "y", c=labels, colormap="tab10", title="clusters")
    axes.plot(centres[:, 0], centres[:, 1], "k+")
    axes.set_xlabel("x")
    axes.set_ylabel("y")
