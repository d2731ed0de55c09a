def assign(points, centres):
    return ((points[:, None] - centres) ** 2).sum(axis=2).argmax(axis=1)
