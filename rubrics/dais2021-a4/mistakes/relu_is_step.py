def relu(x):
    return 1.0 * (np.asarray(x) > 0)
