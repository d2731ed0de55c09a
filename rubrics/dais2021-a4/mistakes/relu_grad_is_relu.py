def relu_grad(x):
    return np.maximum(0, x)
