def update(points, labels, centres):
    moved = np.array(centres, dtype=float)
    for number in np.unique(labels):
        moved[number] = points[labels == number].sum(axis=0)
    return moved
