def logistic_grad(x):
    return 1 - np.tanh(x) ** 2
