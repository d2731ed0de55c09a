def tanh(x):
    return np.tanh(np.deg2rad(x))
