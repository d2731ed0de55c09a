def inertia(points, labels, centres):
    return np.linalg.norm(points - centres[labels], axis=1).sum()
