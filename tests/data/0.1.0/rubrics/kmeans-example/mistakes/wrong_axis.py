def assign(points, centres):
    return ((points[:, None] - centres) ** 2).sum(axis=2).argmin(axis=0)
