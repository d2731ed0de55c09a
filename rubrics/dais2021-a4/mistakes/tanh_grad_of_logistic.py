def tanh_grad(x):
    decay = np.exp(-np.abs(x))
    return decay / (1 + decay) ** 2
