def relu(x):
    return np.where(np.asarray(x) > 0, x, 0.01 * np.asarray(x))
