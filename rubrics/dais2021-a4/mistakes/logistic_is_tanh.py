def logistic(x):
    return np.tanh(x)
